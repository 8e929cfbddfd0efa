import { useRef, useState } from "react";
import { Section } from "../account/section.tsx";
import { LocalNumber } from "../frame/local-time.tsx";
import { useLeavingAsked } from "../frame/use-leaving-asked.ts";
import type { ChatsDownload, DownloadProgress } from "./chats-download.ts";

type State = "idle" | "running" | "paused" | "incomplete" | "saved";

/** How long a browser may take to begin with a file that was handed to it. */
const FILE_KEPT_MS = 60_000;

/** Downloads all chats as a zip file. What makes it is loaded when it is asked for. */
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
			setProblem(error instanceof Error ? error.message : "Something failed.");
			setState("paused");
		}
	}

	async function finish() {
		try {
			await download.current?.finish();
			end();
		} catch {
			setProblem("The file couldn’t be saved. Try again.");
		}
	}

	function end() {
		download.current = undefined;
		setState("saved");
	}

	return (
		<Section title="Download">
			<p className="text-soft">
				All your chats as a zip file, archived ones too: each as JSON, with every version, and as Markdown, as you see it. Attached files
				are named, not included.
			</p>
			<div className="mt-3 flex flex-wrap items-center gap-2">
				{(state === "idle" || state === "saved") && (
					<button type="button" className="button-plain" onClick={() => void run()}>
						Download all chats
					</button>
				)}
				{state === "paused" && (
					<button type="button" className="button-plain" onClick={() => void run()}>
						Continue
					</button>
				)}
				{state === "incomplete" && (
					<>
						<button type="button" className="button-plain" onClick={() => void run()}>
							Try again
						</button>
						<button type="button" className="button-bare" onClick={() => void finish()}>
							Download without them
						</button>
					</>
				)}
			</div>
			{progress && state !== "idle" && <Progress state={state} progress={progress} />}
			{problem && (
				<p role="alert" className="mt-2 text-warn">
					{problem} What was read so far is kept.
				</p>
			)}
		</Section>
	);
}

function Progress({ state, progress: { done, all, failed, gone } }: { state: State; progress: DownloadProgress }) {
	return (
		<div className="mt-3 flex flex-col gap-1">
			{state !== "saved" && (
				<progress aria-label="Chats read" className="w-full accent-ink" max={all} value={all === undefined ? undefined : done} />
			)}
			<p role="status" className="text-small text-soft">
				<Sentence state={state} done={done} all={all} />
			</p>
			<Chats title={state === "saved" ? "Not in the file, because they couldn’t be read:" : "Couldn’t be read:"} chats={failed} />
			<Chats title="Not in the file, because they were deleted meanwhile:" chats={gone} />
		</div>
	);
}

function Sentence({ state, done, all = 0 }: { state: State; done: number; all: number | undefined }) {
	const chats = (count: number) => (
		<>
			<LocalNumber value={count} /> {count === 1 ? "chat" : "chats"}
		</>
	);
	if (state === "saved") return <>Saved {chats(done)}. Your browser has put the file with your downloads.</>;
	return (
		<>
			<LocalNumber value={done} /> of {chats(all)}
		</>
	);
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
