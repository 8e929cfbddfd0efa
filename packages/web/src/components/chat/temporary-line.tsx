import { useBlocker } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { keepTemporary } from "./draft.ts";

/** Confirms before a temporary chat is left for another new chat, which has the same address. Undefined while there is nothing to lose. */
export type LeaveGuard = RefObject<((leave: () => void) => void) | undefined>;

export interface TemporaryLineProps {
	hasMessages: boolean;
	guard: LeaveGuard;
}

/** A line by the composer that explains a temporary chat. Parley and the browser each confirm before its messages are lost. */
export default function TemporaryLine({ hasMessages, guard }: TemporaryLineProps) {
	const [next, setNext] = useState<() => void>();
	// A viewer who has confirmed is not prompted again by the browser.
	const isLeft = useRef(false);
	const blocker = useBlocker({
		shouldBlockFn: ({ current, next: to }) => hasMessages && !isLeft.current && current.pathname !== to.pathname,
		enableBeforeUnload: () => hasMessages && !isLeft.current,
		withResolver: true,
	});
	useEffect(() => {
		keepTemporary(hasMessages);
		guard.current = hasMessages ? (leave) => setNext(() => leave) : undefined;
		return () => {
			guard.current = undefined;
		};
	}, [hasMessages, guard]);
	const leave = blocker.status === "blocked" ? blocker.proceed : next;

	return (
		<>
			<p className="px-1 pb-2 text-small text-soft">{t("chat_temporary_line")}</p>
			{leave && (
				<ConfirmDialog
					title={t("chat_temporary_leave_title")}
					text={t("chat_temporary_leave_text")}
					action={t("chat_temporary_leave")}
					dismiss={t("chat_temporary_stay")}
					onConfirm={async () => {
						isLeft.current = true;
						keepTemporary(false);
						leave();
						return undefined;
					}}
					onClose={() => {
						setNext(undefined);
						blocker.reset?.();
					}}
				/>
			)}
		</>
	);
}
