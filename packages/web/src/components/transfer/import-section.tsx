import { Link } from "@tanstack/react-router";
import { type ChangeEvent, useId, useRef, useState } from "react";
import { Section } from "../account/section.tsx";
import { LocalNumber } from "../frame/local-time.tsx";
import { useLeavingAsked } from "../frame/use-leaving-asked.ts";
import type { ChatsImport, ImportProgress } from "./chats-import.ts";

type State = "idle" | "running" | "paused" | "done";

const NOTHING: ImportProgress = { added: 0, there: 0, failed: [] };

/** Imports chats from a file. What reads it is loaded when one is chosen. */
export function ImportSection({ isGuest }: { isGuest: boolean }) {
	return (
		<Section title="Import">
			{isGuest ? (
				<p className="text-soft">
					A guest’s chats end with the guest, so importing needs an account.{" "}
					<Link to="/sign-up" search={{ next: "/account/data" }} className="link">
						Sign up to import chats
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
			setProblem("This part of the page didn’t load. Check your connection.");
			return setState("idle");
		} finally {
			// The same file can be chosen again.
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
			setProblem(error instanceof Error ? error.message : "Something failed.");
			setState("paused");
		}
	}

	return (
		<>
			<p className="text-soft">
				Chats that you downloaded from Parley (JSON or zip), or ChatGPT’s export (its zip, or conversations.json in it). It uses no
				requests. Chats that are already here are skipped, so you can choose the same file again.
			</p>
			<div className="mt-3 flex flex-wrap items-center gap-2">
				<label htmlFor={field} className="sr-only">
					File with chats
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
						Continue
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
			{state !== "done" && <progress aria-label="File read" className="w-full accent-ink" max={1} value={share} />}
			<p role="status" className="text-soft">
				{state === "done" && "Done: "}
				<LocalNumber value={added} /> imported
				{there > 0 && (
					<>
						{" · "}
						<LocalNumber value={there} /> already here
					</>
				)}
				{failed.length > 0 && (
					<>
						{" · "}
						<LocalNumber value={failed.length} /> not imported
					</>
				)}
				{state === "done" && added > 0 && (
					<>
						{" · "}
						<Link to="/" className="link">
							Go to your chats
						</Link>
					</>
				)}
			</p>
			{failed.length > 0 && (
				<ul aria-label="Not imported" className="max-h-48 list-disc overflow-y-auto pl-5 text-warn">
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
