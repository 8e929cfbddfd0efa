import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { ChatSummary } from "../../view/chat.ts";
import { CloseIcon } from "./icons.tsx";

/** How long the viewer pauses before the server is asked. */
const PAUSE_MS = 150;

export interface ChatSearchProps {
	/** Shown before anything is searched for. */
	newest: readonly ChatSummary[];
	find: (words: string) => Promise<ChatSummary[]>;
	onClose: () => void;
}

/** A dialog that finds a chat by its title. */
export default function ChatSearch({ newest, find, onClose }: ChatSearchProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const [words, setWords] = useState("");
	const found = useFound(words.trim(), find);
	useEffect(() => dialog.current?.showModal(), []);
	const chats = words.trim() ? found.chats : newest;
	return (
		<dialog
			ref={dialog}
			aria-label="Find a chat"
			className="mt-[12dvh] w-full max-w-[min(32rem,calc(100vw-32px))] rounded-large bg-raised p-2 shadow-sheet"
			onClose={onClose}
			onClick={(event) => {
				const pressed = event.target as HTMLElement;
				if (pressed === dialog.current || pressed.closest("a")) dialog.current?.close();
			}}
			onKeyDown={moveFocus}
		>
			<div className="flex items-center gap-1">
				<input
					type="search"
					aria-label="Find a chat by its title"
					placeholder="Find a chat by its title"
					className="min-h-11 grow bg-transparent px-3 text-body outline-none"
					value={words}
					onChange={(event) => setWords(event.target.value)}
				/>
				<button type="button" aria-label="Close" className="button-bare min-w-9" onClick={() => dialog.current?.close()}>
					<CloseIcon />
				</button>
			</div>
			<p role="status" className="px-3 text-small text-soft">
				{found.failed
					? "The search failed. Check your connection."
					: chats?.length === 0 && (words.trim() ? "No chat has this in its title." : "You have no chats yet.")}
			</p>
			<ul aria-label="Chats" className="max-h-[50dvh] overflow-y-auto">
				{chats?.map(({ id, title }) => (
					<li key={id}>
						<Link to="/c/$chatId" params={{ chatId: id }} className="flex min-h-11 items-center rounded-small px-3 hover:bg-said">
							<span dir="auto" className="truncate">
								{title}
							</span>
						</Link>
					</li>
				))}
			</ul>
		</dialog>
	);
}

interface Found {
	/** Undefined until the first answer. */
	chats: readonly ChatSummary[] | undefined;
	failed: boolean;
}

/** What the server finds. The last answer stays until the next one is there. */
function useFound(words: string, find: ChatSearchProps["find"]): Found {
	const [found, setFound] = useState<Found>({ chats: undefined, failed: false });
	// biome-ignore lint/correctness/useExhaustiveDependencies: only other words are another search
	useEffect(() => {
		if (!words) return;
		let isLatest = true;
		const timer = setTimeout(async () => {
			const chats = await find(words).catch(() => undefined);
			if (isLatest) setFound((before) => ({ chats: chats ?? before.chats, failed: chats === undefined }));
		}, PAUSE_MS);
		return () => {
			isLatest = false;
			clearTimeout(timer);
		};
	}, [words]);
	return found;
}

/** The arrow keys go from the field through the chats and back. */
function moveFocus(event: KeyboardEvent<HTMLDialogElement>) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (!step) return;
	const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("input, li a")];
	const at = stops.indexOf(document.activeElement as HTMLElement);
	event.preventDefault();
	stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
}
