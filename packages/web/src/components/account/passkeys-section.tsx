import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { PasskeyView } from "../../view/identity.ts";
import { LocalTime, useHydrated } from "../frame/local-time.tsx";
import { post, type SignProblem } from "../session/session-requests.ts";
import { Section } from "./section.tsx";

/** The viewer's passkeys. */
export function PasskeysSection({ passkeys, isConfirmed }: { passkeys: PasskeyView[]; isConfirmed: boolean }) {
	const router = useRouter();
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [outcome, setOutcome] = useState<{ text: string; isProblem: boolean }>();

	async function run(action: () => Promise<SignProblem | undefined>, done: string) {
		setBusy(true);
		const problem = await action();
		setBusy(false);
		setOutcome({ text: problem?.text ?? done, isProblem: problem !== undefined });
		if (!problem) await router.invalidate();
	}

	const add = () =>
		run(async () => {
			const { addPasskey, hasPasskeys } = await import("../session/passkey-requests.ts");
			return hasPasskeys() ? addPasskey() : { field: "form", text: t("auth_no_passkeys_here") };
		}, t("account_passkey_added"));

	return (
		<Section title={t("account_passkeys")} anchor="passkeys">
			<p className="text-soft">{t("account_passkeys_about")}</p>
			<ul className="mt-3 empty:hidden">
				{passkeys.map(({ id, name, addedAt, usedAt }) => (
					<li key={id} className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
						<span className="min-w-0 wrap-anywhere">
							{name || t("account_passkey")}{" "}
							<span className="text-small text-soft">
								{usedAt
									? rich("account_last_used", { time: <LocalTime iso={usedAt} form="moment" /> })
									: rich("account_added", { time: <LocalTime iso={addedAt} form="moment" /> })}
							</span>
						</span>
						<button
							type="button"
							className="button-bare destructive"
							disabled={!hydrated || busy}
							aria-label={t("account_remove_what", { what: name || t("account_passkey") })}
							onClick={() => void run(() => post("passkey/remove", { id }), t("account_passkey_removed"))}
						>
							{t("account_remove")}
						</button>
					</li>
				))}
			</ul>
			<div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
				<button type="button" className="button-plain" disabled={!hydrated || busy || !isConfirmed} onClick={() => void add()}>
					{t("account_add_passkey")}
				</button>
				<p role="status" className={`text-small ${outcome?.isProblem ? "text-warn" : "text-soft"}`}>
					{outcome?.text ?? (isConfirmed ? "" : t("auth_confirm_first"))}
				</p>
			</div>
		</Section>
	);
}
