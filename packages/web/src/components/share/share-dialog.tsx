import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import type { Share } from "../../view/share.ts";
import { CopyButton } from "../frame/copy-button.tsx";
import { addressOf, shareChat } from "./share-requests.ts";

export interface ShareDialogProps {
	chatId: string;
	/** The last message that the page shows; null for none. */
	seen: string | null;
	/** Whether the chat has files, as far as the page knows. */
	hasFiles: boolean;
	/** Guests cannot share. */
	isUser: boolean;
	/** Whether an answer is being written: it would be missing. */
	busy: boolean;
	onClose: () => void;
}

/** Shares a chat by a link. */
export function ShareDialog({ onClose, ...chat }: ShareDialogProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const [share, setShare] = useState<Share>();
	useEffect(() => dialog.current?.showModal(), []);
	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="w-full max-w-[min(30rem,calc(100vw-32px))] rounded-large bg-raised p-6 shadow-sheet"
			onClose={onClose}
		>
			<h2 id={titleId} className="font-semibold text-body">
				Share this chat
			</h2>
			{!chat.isUser ? <ForUsers chatId={chat.chatId} /> : share ? <Shared share={share} /> : <Offer {...chat} onShared={setShare} />}
			<Download chatId={chat.chatId} />
			<div className="mt-6 flex flex-wrap items-center justify-between gap-2">
				{chat.isUser ? (
					<Link to="/shared" className="link text-small">
						Your shared chats
					</Link>
				) : (
					<span />
				)}
				<button type="button" className="button-bare" onClick={() => dialog.current?.close()}>
					Close
				</button>
			</div>
		</dialog>
	);
}

function Download({ chatId }: { chatId: string }) {
	const address = (format: string) => `/api/chat/${chatId}/export?format=${format}`;
	return (
		<section aria-labelledby="download" className="mt-6 border-line border-t pt-4">
			<h3 id="download" className="font-medium">
				Download
			</h3>
			<p className="mt-1 text-small text-soft">Markdown has what you see now. JSON has every version, too.</p>
			<div className="mt-3 flex gap-2">
				<a href={address("markdown")} download className="button-plain">
					Markdown
				</a>
				<a href={address("json")} download className="button-plain">
					JSON
				</a>
			</div>
		</section>
	);
}

function ForUsers({ chatId }: { chatId: string }) {
	return (
		<p className="mt-2 text-soft">
			<Link to="/sign-in" search={{ next: `/c/${chatId}` }} className="link">
				Sign in
			</Link>{" "}
			to make a link that anyone can read.
		</p>
	);
}

function Offer({
	chatId,
	seen,
	hasFiles,
	busy,
	onShared,
}: Omit<ShareDialogProps, "isUser" | "onClose"> & { onShared: (share: Share) => void }) {
	const [files, setFiles] = useState(false);
	const [working, setWorking] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function create() {
		setWorking(true);
		try {
			onShared(await shareChat(chatId, { files, seen }));
		} catch (error) {
			setProblem(error instanceof Error ? error.message : "Couldn’t share this. Try again.");
			setWorking(false);
		}
	}

	return (
		<>
			<p className="mt-2 text-soft">
				Anyone with the link can read the title and the messages that you see now. Later messages, other versions and your instructions
				aren’t included.
			</p>
			{hasFiles && (
				<label className="mt-4 flex min-h-11 items-center gap-2">
					<input type="checkbox" checked={files} onChange={(event) => setFiles(event.target.checked)} />
					Include attached files
				</label>
			)}
			{problem && (
				<p role="alert" className="mt-3 text-warn">
					{problem}
				</p>
			)}
			<button type="button" className="button-plain mt-4" disabled={working || busy} onClick={() => void create()}>
				{busy ? "Wait for the answer to end" : "Create link"}
			</button>
		</>
	);
}

function Shared({ share }: { share: Share }) {
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => field.current?.select(), []);
	return (
		<>
			<p role="status" className="mt-2 text-soft">
				This link works until you stop sharing or delete the chat.
			</p>
			<div className="mt-4 flex items-center gap-2">
				<input ref={field} readOnly aria-label="Link" value={addressOf(share.id)} className="field min-w-0 grow" />
				<div className="shrink-0 whitespace-nowrap">
					<CopyButton text={addressOf(share.id)} label="Copy link" what="" />
				</div>
			</div>
		</>
	);
}
