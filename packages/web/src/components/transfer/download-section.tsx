import { useRef, useState } from "react";
import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import { Section } from "../account/section.tsx";
import { useLeavingAsked } from "../frame/use-leaving-asked.ts";
import type { ChatsDownload, DownloadProgress } from "./chats-download.ts";

type State = "idle" | "running" | "paused" | "incomplete" | "saved";

/** How long a browser may take to start reading a file passed to it. */
const FILE_KEPT_MS = 60_000;

/** Downloads all chats as a zip file. The code for it loads on demand. */
export function DownloadSection() {
	const download = useRef<ChatsDownload>(undefined);
	const [state, setState] = useState<State>("idle");
	const [progress, setProgress] = useState<DownloadProgress>();
	const [problem, setProblem] = useState<string>();
	useLeavingAsked(state !== "idle" && state !== "saved");

	async function run() {
		setState("running");
		setProblem(undefined);
		try {
			const { ChatsDownload, overHttp } = await import("./chats-download.ts");
			download.current ??= new ChatsDownload(overHttp, saveFile, setProgress);
			if (!(await download.current.run())) return setState("incomplete");
			end();
		} catch (error) {
			setProblem(error instanceof Error ? error.message : t("transfer_failed"));
			setState("paused");
		}
	}

	async function finish() {
		try {
			await download.current?.finish();
			end();
		} catch {
			setProblem(t("download_not_saved"));
		}
	}

	function end() {
		download.current = undefined;
		setState("saved");
	}

	return (
		<Section title={t("share_download")}>
			<p className="text-soft">{t("download_about")}</p>
			<div className="mt-3 flex flex-wrap items-center gap-2">
				{(state === "idle" || state === "saved") && (
					<button type="button" className="button-plain" onClick={() => void run()}>
						{t("download_all")}
					</button>
				)}
				{state === "paused" && (
					<button type="button" className="button-plain" onClick={() => void run()}>
						{t("chat_continue")}
					</button>
				)}
				{state === "incomplete" && (
					<>
						<button type="button" className="button-plain" onClick={() => void run()}>
							{t("frame_try_again")}
						</button>
						<button type="button" className="button-bare" onClick={() => void finish()}>
							{t("download_without")}
						</button>
					</>
				)}
			</div>
			{progress && state !== "idle" && <Progress state={state} progress={progress} />}
			{problem && (
				<p role="alert" className="mt-2 text-warn">
					{problem} {t("download_kept")}
				</p>
			)}
		</Section>
	);
}

function Progress({ state, progress: { done, all, failed, gone } }: { state: State; progress: DownloadProgress }) {
	return (
		<div className="mt-3 flex flex-col gap-1">
			{state !== "saved" && (
				<progress
					aria-label={t("download_chats_read")}
					className="w-full accent-ink"
					max={all}
					value={all === undefined ? undefined : done}
				/>
			)}
			<p role="status" className="text-small text-soft">
				<Sentence state={state} done={done} all={all} />
			</p>
			<Chats title={state === "saved" ? t("download_missing") : t("download_could_not")} chats={failed} />
			<Chats title={t("download_missing_gone")} chats={gone} />
		</div>
	);
}

function Sentence({ state, done, all = 0 }: { state: State; done: number; all: number | undefined }) {
	return state === "saved" ? t("download_saved", { count: done }) : t("download_progress", { done: number(done), count: all });
}

function Chats({ title, chats }: { title: string; chats: DownloadProgress["failed"] }) {
	if (chats.length === 0) return null;
	return (
		<div className="text-small text-warn">
			<p>{title}</p>
			<ul className="max-h-48 list-disc overflow-y-auto pl-5">
				{chats.map(({ id, title: name }) => (
					<li key={id} dir="auto" className="wrap-anywhere">
						{name}
					</li>
				))}
			</ul>
		</div>
	);
}

function saveFile(file: Blob, name: string): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(file);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), FILE_KEPT_MS);
}
