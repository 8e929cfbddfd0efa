import { type ComponentType, lazy, Suspense } from "react";
import type { Failure } from "./conversation.ts";
import { NoticeRow, Reference, TryAgain } from "./notice-row.tsx";
import type { RefusalNoticeProps } from "./refusal-notice.tsx";

// Only what the server has to say is loaded when it is said: the rest must be shown without a connection.
const RefusalNotice = lazy<ComponentType<RefusalNoticeProps>>(() =>
	import("./refusal-notice.tsx").catch(() => ({
		default: ({ refusal }) => <NoticeRow>{refusal?.problem.detail ?? "This page didn’t load completely. Reload it to go on."}</NoticeRow>,
	})),
);

interface NoticeProps extends Omit<RefusalNoticeProps, "refusal"> {
	failure: Failure | undefined;
	online: boolean;
}

/** Why nothing can be sent, or why the last request failed, with the one next step; null when there is nothing to say. */
export function Notice({ failure, online, ...props }: NoticeProps) {
	if (props.limit || failure?.kind === "refused") {
		return (
			<Suspense>
				<RefusalNotice {...props} refusal={failure?.kind === "refused" ? failure : undefined} />
			</Suspense>
		);
	}
	switch (failure?.kind) {
		case "unreached":
			return (
				<NoticeRow next={<TryAgain onTryAgain={() => props.onTryAgain()} />}>
					Your message wasn’t sent. Check your connection and try again; it will only count once.
				</NoticeRow>
			);
		case "broken":
			return <NoticeRow>You lost connection. The answer is still being written: reload to see it.</NoticeRow>;
		case "not-done":
			return <NoticeRow>That didn’t work. Check your connection and try again.</NoticeRow>;
		case "stop-failed":
			return <NoticeRow>The answer could not be stopped: the server did not reply. Please try once more.</NoticeRow>;
		case "undone":
			return (
				<NoticeRow>
					{failure.note} The chat is as it was.
					<Reference id={failure.reference} />
				</NoticeRow>
			);
		default:
			return online ? null : <NoticeRow>You’re offline. Keep writing and send when you’re back.</NoticeRow>;
	}
}
