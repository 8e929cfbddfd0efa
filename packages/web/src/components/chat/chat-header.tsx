import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "../../text/text.ts";
import { NewChatIcon } from "../frame/icons.tsx";
import { SideButton, type SideProps } from "../frame/side-column.tsx";

/** The bar above a chat: the sidebar button, the title, the chat's tools, and, while the sidebar is hidden, the new-chat button. */
export function ChatHeader({ title, side, tools }: { title: string; side: SideProps; tools?: ReactNode }) {
	return (
		<header className="frame-header flex h-14 shrink-0 items-center gap-2 px-2 sm:px-4">
			<SideButton {...side} />
			{title && (
				<h1 dir="auto" className="min-w-0 grow truncate text-center font-medium text-base text-soft md:text-left">
					{title}
				</h1>
			)}
			<div className="ml-auto flex shrink-0">
				{tools}
				<Link to="/" aria-label={t("frame_new_chat")} className="side-button button-bare min-w-9" onClick={side.onNew}>
					<NewChatIcon />
				</Link>
			</div>
		</header>
	);
}
