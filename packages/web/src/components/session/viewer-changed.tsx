import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { Viewer } from "../../view/identity.ts";
import { CloseIcon } from "../frame/icons.tsx";
import { forgetLeftPage, takeLeftPage } from "./page-viewer.ts";

/** Explains why a tab now shows another viewer's page. */
export function ViewerChanged({ viewer }: { viewer: Viewer }) {
	const [left, setLeft] = useState<string | null>(null);
	useEffect(() => setLeft(takeLeftPage()), []);
	if (left === null) return null;

	function close() {
		forgetLeftPage();
		setLeft(null);
	}

	return (
		<div role="status" className="flex shrink-0 items-center justify-between gap-2 border-line border-b px-4 py-2">
			<p className="wrap-anywhere">
				{viewer.kind === "user"
					? t("auth_now_signed_in_as", { name: viewer.name })
					: rich("auth_been_signed_out", {
							link: (
								<Link to="/sign-in" search={{ next: left }} className="link">
									{t("auth_sign_in_again")}
								</Link>
							),
						})}
			</p>
			<button type="button" aria-label={t("frame_close")} className="button-bare min-w-9" onClick={close}>
				<CloseIcon />
			</button>
		</div>
	);
}
