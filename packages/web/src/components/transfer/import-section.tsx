import { Link } from "@tanstack/react-router";
import { type ChangeEvent, useId, useRef, useState } from "react";
import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import { Section } from "../account/section.tsx";
import { useLeavingAsked } from "../frame/use-leaving-asked.ts";
import type { ChatsImport, ImportProgress } from "./chats-import.ts";

type State = "idle" | "running" | "paused" | "done";

const NOTHING: ImportProgress = { added: 0, there: 0, failed: [] };

/** Imports chats from a file. The code for it loads when a file is chosen. */
export function ImportSection({ isGuest }: { isGuest: boolean }) {
	return (
		<Section title={t("import_heading")}>
			{isGuest ? (
				<p className="text-soft">
					{t("import_for_accounts")}{" "}
					<Link to="/sign-up" search={{ next: "/account/data" }} className="link">
						{t("import_sign_up")}
					</Link>
				</p>
			) : (
				<Import />
			)}
		</Section>
	);
}

function Import() {
	const current = useRef<ChatsImport>(undefined);
	const field = useId();
	const [state, setState] = useState<State>("idle");
	const [progress, setProgress] = useState(NOTHING);
	const [share, setShare] = useState(0);
	const [problem, setProblem] = useState<string>();
	useLeavingAsked(state === "running" || state === "paused");

	async function choose({ target }: ChangeEvent<HTMLInputElement>) {
		const file = target.files?.[0];
		if (!file) return;
		setProgress(NOTHING);
		setShare(0);
		setState("running");
		try {
			const [{ ChatsImport, addOverHttp }, { chatsIn }] = await Promise.all([import("./chats-import.ts"), import("./chats-in-file.ts")]);
			current.current = new ChatsImport(chatsIn(file, setShare), addOverHttp, setProgress);
		} catch {
			setProblem(t("import_not_loaded"));
			return setState("idle");
		} finally {
			// Cleared, so that choosing the same file again fires a change event.
			target.value = "";
		}
		await run();
	}

	async function run() {
		setState("running");
		setProblem(undefined);
		try {
			await current.current?.run();
			setState("done");
		} catch (error) {
			setProblem(error instanceof Error ? error.message : t("transfer_failed"));
			setState("paused");
		}
	}

	return (
		<>
			<p className="text-soft">{t("import_about")}</p>
			<div className="mt-3 flex flex-wrap items-center gap-2">
				<label htmlFor={field} className="sr-only">
					{t("import_file")}
				</label>
				<input
					id={field}
					type="file"
					accept=".json,.zip,application/json,application/zip"
					disabled={state === "running"}
					className="max-w-full text-small file:button-plain file:mr-3"
					onChange={(event) => void choose(event)}
				/>
				{state === "paused" && (
					<button type="button" className="button-plain" onClick={() => void run()}>
						{t("chat_continue")}
					</button>
				)}
			</div>
			{state !== "idle" && <Progress state={state} share={share} progress={progress} />}
			{problem && (
				<p role="alert" className="mt-2 text-warn">
					{problem}
				</p>
			)}
		</>
	);
}

function Progress({ state, share, progress: { added, there, failed } }: { state: State; share: number; progress: ImportProgress }) {
	return (
		<div className="mt-3 flex flex-col gap-1 text-small">
			{state !== "done" && <progress aria-label={t("import_file_read")} className="w-full accent-ink" max={1} value={share} />}
			<p role="status" className="text-soft">
				{state === "done" ? t("import_done", { added: number(added) }) : t("import_added", { added: number(added) })}
				{there > 0 && ` · ${t("import_there", { there: number(there) })}`}
				{failed.length > 0 && ` · ${t("import_failed", { failed: number(failed.length) })}`}
				{state === "done" && added > 0 && (
					<>
						{" · "}
						<Link to="/" className="link">
							{t("lost_go_to_chats")}
						</Link>
					</>
				)}
			</p>
			{failed.length > 0 && (
				<ul aria-label={t("import_list")} className="max-h-48 list-disc overflow-y-auto pl-5 text-warn">
					{failed.map(({ name, why }, at) => (
						// biome-ignore lint/suspicious/noArrayIndexKey: the list only grows, and names may be the same
						<li key={at} className="wrap-anywhere">
							<span dir="auto">{name}</span>: {why}
						</li>
					))}
				</ul>
			)}
		</div>
	);
}
