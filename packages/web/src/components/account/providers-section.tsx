import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { PROVIDER_NAMES } from "../../sign-in-providers.ts";
import { t } from "../../text/text.ts";
import type { SecurityView } from "../../view/identity.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { goToProvider, post, type SignProblem } from "../session/session-requests.ts";
import { Section } from "./section.tsx";

/** The external accounts that can sign in to the viewer's. Signing in there with the same confirmed address links one. */
export function ProvidersSection({ providers }: { providers: SecurityView["providers"] }) {
	const router = useRouter();
	const hydrated = useHydrated();
	const [problem, setProblem] = useState<string>();
	if (providers.length === 0) return null;

	async function run(action: () => Promise<SignProblem | undefined>) {
		const wrong = await action();
		setProblem(wrong?.text);
		await router.invalidate();
	}

	return (
		<Section title={t("account_providers")}>
			<p className="text-soft">{t("account_providers_about")}</p>
			<ul className="mt-3">
				{providers.map(({ id, isLinked }) => (
					<li key={id} className="flex items-center justify-between gap-4 border-line border-b py-2">
						<span>{PROVIDER_NAMES[id]}</span>
						<button
							type="button"
							className={`button-bare ${isLinked ? "destructive" : ""}`}
							disabled={!hydrated}
							aria-label={
								isLinked ? t("account_remove_what", { what: PROVIDER_NAMES[id] }) : t("account_link_what", { what: PROVIDER_NAMES[id] })
							}
							onClick={() => void run(() => (isLinked ? post("unlink-provider", { provider: id }) : goToProvider(id, "/account/profile")))}
						>
							{isLinked ? t("account_remove") : t("account_link")}
						</button>
					</li>
				))}
			</ul>
			<p role="status" className="mt-2 text-small text-warn empty:hidden">
				{problem}
			</p>
		</Section>
	);
}
