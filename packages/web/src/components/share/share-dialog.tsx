import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { Share } from "../../view/share.ts";
import { CopyButton } from "../frame/copy-button.tsx";
import { MIDDLE, Modal } from "../frame/dialog.tsx";
import { addressOf, shareChat } from "./share-requests.ts";

export interface ShareDialogProps {
	chatId: string;
	/** The last message on the page. Null if there is none. */
	seen: string | null;
	/** Whether the chat has files, as far as the page knows. */
	hasFiles: boolean;
	/** Guests cannot share. */
	isUser: boolean;
	/** Whether an answer is streaming, which would be missing from the share. */
	busy: boolean;
	onClose: () => void;
}

/** A dialog that shares a chat by link. */
export function ShareDialog({ onClose, ...chat }: ShareDialogProps) {
	const [share, setShare] = useState<Share>();
	return (
		<Modal title={t("share_title")} closesBeside className={`${MIDDLE} max-w-[min(30rem,calc(100vw-32px))]`} onClose={onClose}>
			{!chat.isUser ? <ForUsers chatId={chat.chatId} /> : share ? <Shared share={share} /> : <Offer {...chat} onShared={setShare} />}
			<Download chatId={chat.chatId} />
			<div className="mt-6 flex flex-wrap items-center justify-between gap-2">
				{chat.isUser ? (
					<Link to="/shared" className="link text-small">
						{t("share_yours")}
					</Link>
				) : (
					<span />
				)}
				<button type="button" className="button-bare" onClick={onClose}>
					{t("frame_close")}
				</button>
			</div>
		</Modal>
	);
}

function Download({ chatId }: { chatId: string }) {
	const address = (format: string) => `/api/chat/${chatId}/export?format=${format}`;
	return (
		<section aria-labelledby="download" className="mt-6 border-line border-t pt-4">
			<h3 id="download" className="font-medium">
				{t("share_download")}
			</h3>
			<p className="mt-1 text-small text-soft">{t("share_formats")}</p>
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
			{rich("share_sign_in_to", {
				link: (
					<Link to="/sign-in" search={{ next: `/c/${chatId}` }} className="link">
						{t("auth_sign_in_again")}
					</Link>
				),
			})}
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
			setProblem(error instanceof Error ? error.message : t("share_failed"));
			setWorking(false);
		}
	}

	return (
		<>
			<p className="mt-2 text-soft">{t("share_terms")}</p>
			{hasFiles && (
				<label className="mt-4 flex min-h-11 items-center gap-2">
					<input type="checkbox" checked={files} onChange={(event) => setFiles(event.target.checked)} />
					{t("share_include_files")}
				</label>
			)}
			{problem && (
				<p role="alert" className="mt-3 text-warn">
					{problem}
				</p>
			)}
			<button type="button" className="button-plain mt-4" disabled={working || busy} onClick={() => void create()}>
				{busy ? t("share_wait") : t("share_create")}
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
				{t("share_works_until")}
			</p>
			<div className="mt-4 flex items-center gap-2">
				<input ref={field} readOnly aria-label={t("share_link")} value={addressOf(share.id)} className="field min-w-0 grow" />
				<div className="shrink-0 whitespace-nowrap">
					<CopyButton text={addressOf(share.id)} label={t("share_copy_link")} what="" />
				</div>
			</div>
		</>
	);
}
