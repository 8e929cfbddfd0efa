import { type ComponentType, lazy, Suspense } from "react";
import { t } from "../../text/text.ts";
import type { Failure } from "./conversation.ts";
import type { EndOfAnswerProps } from "./end-of-answer.tsx";
import { NoticeRow, TryAgain } from "./notice-row.tsx";
import type { RefusalNoticeProps } from "./refusal-notice.tsx";

// Only notices about a server reply are loaded on demand. The others must work without a connection.
const RefusalNotice = lazy<ComponentType<RefusalNoticeProps>>(() =>
	import("./refusal-notice.tsx").catch(() => ({
		default: ({ refusal }) => <NoticeRow>{refusal?.problem.detail ?? t("chat_half_loaded")}</NoticeRow>,
	})),
);

const EndOfAnswer = lazy<ComponentType<EndOfAnswerProps>>(() =>
	import("./end-of-answer.tsx").catch(() => ({ default: ({ children }) => children })),
);

interface NoticeProps extends Omit<RefusalNoticeProps, "refusal"> {
	failure: Failure | undefined;
	online: boolean;
}

/** Why nothing can be sent, or why the last request failed, with the one next step. Null if there is nothing to say. */
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
			return <NoticeRow next={<TryAgain onTryAgain={() => props.onTryAgain()} />}>{t("chat_unreached")}</NoticeRow>;
		case "broken":
			return <NoticeRow>{t("chat_broken")}</NoticeRow>;
		case "not-done":
			return <NoticeRow>{t("chat_not_done")}</NoticeRow>;
		case "stop-failed":
			return <NoticeRow>{t("chat_stop_failed")}</NoticeRow>;
		case "undone":
			return (
				<NoticeRow>
					<Suspense>
						<EndOfAnswer metadata={failure.end}>{t("chat_as_it_was")}</EndOfAnswer>
					</Suspense>
				</NoticeRow>
			);
		default:
			return online ? null : <NoticeRow>{t("chat_offline")}</NoticeRow>;
	}
}
