import type { ReactNode } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";

/** A notice above the composer, with its next step beside it. */
export function NoticeRow({ children, next }: { children: ReactNode; next?: ReactNode }) {
	return (
		<div role="status" className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3 border-line border-t py-3">
			<p className="max-w-md grow basis-64 text-pretty wrap-anywhere">{children}</p>
			{next}
		</div>
	);
}

/** The reference that identifies a failure in the deployer's log. */
export function Reference({ id }: { id: string | undefined }) {
	if (!id) return null;
	return (
		<span className="block text-small text-soft wrap-anywhere">
			{rich("chat_reference", { id: <span className="select-all">{id}</span> })}
		</span>
	);
}

export function TryAgain({ onTryAgain }: { onTryAgain: () => void }) {
	return (
		<button type="button" className="button-plain" onClick={onTryAgain}>
			{t("frame_try_again")}
		</button>
	);
}
