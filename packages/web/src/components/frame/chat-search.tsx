import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatSummary, FoundChat, FoundChats, Passage } from "../../view/chat.ts";
import { focusAtOnce, Modal, UPPER } from "./dialog.tsx";
import { CloseIcon } from "./icons.tsx";

/** The typing pause before a request is sent. */
const PAUSE_MS = 150;

export interface ChatSearchProps {
	/** Shown while the search field is empty. */
	newest: readonly ChatSummary[];
	find: (words: string) => Promise<FoundChats>;
	onClose: () => void;
}

/** A dialog that searches titles and messages, and shows the matches. */
export default function ChatSearch({ newest, find, onClose }: ChatSearchProps) {
	const [words, setWords] = useState("");
	const found = useFound(words.trim(), find);
	const chats: readonly (ChatSummary | FoundChat)[] | undefined = words.trim() ? found.chats : newest;
	return (
		<Modal title={t("frame_find_chat")} isTitleHidden closesBeside className={UPPER} onClose={onClose}>
			{/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move the focus between the field and the links in it */}
			<div onKeyDown={moveFocus}>
				<div className="flex items-center gap-1">
					<input
						ref={focusAtOnce}
						type="search"
						aria-label={t("search_titles_and_messages")}
						placeholder={t("search_titles_and_messages")}
						className="min-h-11 grow bg-transparent px-3 text-body outline-none [&::-webkit-search-cancel-button]:hidden"
						value={words}
						onChange={(event) => setWords(event.target.value)}
					/>
					<button type="button" aria-label={t("frame_close")} className="button-bare min-w-9" onClick={onClose}>
						<CloseIcon />
					</button>
				</div>
				<p role="status" className="px-3 text-small text-soft">
					{noteOn(found, words.trim() !== "", chats?.length)}
				</p>
				<ul aria-label={t("frame_chats")} className="max-h-[50dvh] overflow-y-auto">
					{chats?.map((chat) => (
						<li key={chat.id}>
							<Link
								to="/c/$chatId"
								params={{ chatId: chat.id }}
								onClick={onClose}
								className="flex min-h-11 flex-col justify-center rounded-small px-3 py-2 hover:bg-said"
							>
								<span className="flex items-baseline gap-2">
									<span dir="auto" className="truncate">
										{chat.title}
									</span>
									{chat.archived && <span className="shrink-0 text-small text-soft">{t("search_archived")}</span>}
								</span>
								{"passage" in chat && chat.passage && <PassageText passage={chat.passage} />}
							</Link>
						</li>
					))}
				</ul>
			</div>
		</Modal>
	);
}

function PassageText({ passage }: { passage: Passage }) {
	return (
		<span dir="auto" className="line-clamp-2 text-small text-soft wrap-anywhere">
			{passage.map(({ text, isFound }, n) =>
				isFound ? (
					// biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change places
					<mark key={n} className="bg-transparent font-semibold text-ink">
						{text}
					</mark>
				) : (
					text
				),
			)}
		</span>
	);
}

interface Found extends Omit<FoundChats, "chats"> {
	/** Undefined until the first response. */
	chats: readonly FoundChat[] | undefined;
	failed: boolean;
}

/** The status line of a result. */
function noteOn({ failed, isComplete }: Found, isSearch: boolean, count: number | undefined): string | false {
	if (failed) return t("search_failed");
	if (!isSearch) return count === 0 && t("search_no_chats");
	if (!isComplete) return t("search_being_indexed");
	return count === 0 && t("search_nothing");
}

/** The server's results. The last ones stay until the next arrive. */
function useFound(words: string, find: ChatSearchProps["find"]): Found {
	const [found, setFound] = useState<Found>({ chats: undefined, isComplete: true, failed: false });
	// biome-ignore lint/correctness/useExhaustiveDependencies: only other words are another search
	useEffect(() => {
		if (!words) return;
		let isLatest = true;
		const timer = setTimeout(async () => {
			const answer = await find(words).catch(() => undefined);
			if (isLatest) setFound((before) => ({ ...before, ...answer, failed: answer === undefined }));
		}, PAUSE_MS);
		return () => {
			isLatest = false;
			clearTimeout(timer);
		};
	}, [words]);
	return found;
}

/** The arrow keys move from the field through the chats and back. */
function moveFocus(event: KeyboardEvent<HTMLDivElement>) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (!step) return;
	const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("input, li a")];
	const at = stops.indexOf(document.activeElement as HTMLElement);
	event.preventDefault();
	stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
}
