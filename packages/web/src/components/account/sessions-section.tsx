import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { SessionView } from "../../view/identity.ts";
import { LocalTime, useHydrated } from "../frame/local-time.tsx";
import { post } from "../session/session-requests.ts";
import { tellTabs } from "../tabs.ts";
import { Section } from "./section.tsx";

/** Where the viewer is signed in. */
export function SessionsSection({ sessions }: { sessions: SessionView[] }) {
	const router = useRouter();
	const hydrated = useHydrated();
	const [problem, setProblem] = useState<string>();

	async function end(path: string, body: object) {
		setProblem((await post(path, body))?.text);
		await router.invalidate();
	}

	async function endAll() {
		const wrong = await post("revoke-sessions", {});
		if (wrong) return setProblem(wrong.text);
		tellTabs("viewer", "signed-out");
		sessionStorage.clear();
		// A full load drops all of this viewer's data.
		location.assign("/sign-in");
	}

	return (
		<Section title={t("account_sessions")} anchor="sessions">
			<ul>
				{sessions.map(({ id, device, isHere, signedInAt, usedAt }) => {
					const name = nameOf(device);
					return (
						<li key={id} className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
							<span className="min-w-0 wrap-anywhere">
								{name}{" "}
								<span className="text-small text-soft">
									{isHere ? t("account_this_session") : rich("account_last_used", { time: <LocalTime iso={usedAt} form="moment" /> })} ·{" "}
									{rich("account_signed_in", { time: <LocalTime iso={signedInAt} form="moment" /> })}
								</span>
							</span>
							{!isHere && (
								<button
									type="button"
									className="button-bare"
									disabled={!hydrated}
									aria-label={t("account_sign_out_what", { what: name })}
									onClick={() => void end("end-session", { id })}
								>
									{t("side_sign_out")}
								</button>
							)}
						</li>
					);
				})}
			</ul>
			<div className="mt-3 flex flex-wrap items-center gap-2">
				{sessions.length > 1 && (
					<button type="button" className="button-plain" disabled={!hydrated} onClick={() => void end("revoke-other-sessions", {})}>
						{t("account_sign_out_others")}
					</button>
				)}
				<button type="button" className="button-plain destructive" disabled={!hydrated} onClick={() => void endAll()}>
					{t("account_sign_out_everywhere")}
				</button>
				<p role="status" className="text-small text-warn empty:hidden">
					{problem}
				</p>
			</div>
		</Section>
	);
}

function nameOf({ browser, system }: SessionView["device"]): string {
	if (browser && system) return t("account_browser_on", { browser, system });
	return browser ?? system ?? t("account_unknown_device");
}
