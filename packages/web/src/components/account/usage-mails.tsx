import { useState } from "react";
import { t } from "../../text/text.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { fetchOrThrow } from "../requests.ts";
import { Section } from "./section.tsx";

/** Whether the viewer gets mails at 80 % and 100 % usage. */
export function UsageMails({ tellsUsage }: { tellsUsage: boolean }) {
	const hydrated = useHydrated();
	const [chosen, setChosen] = useState(tellsUsage);
	const [problem, setProblem] = useState<string>();

	async function choose(next: boolean) {
		setChosen(next);
		setProblem(undefined);
		try {
			const headers = { "content-type": "application/json" };
			await fetchOrThrow("/api/mail-settings", { method: "POST", headers, body: JSON.stringify({ tellsUsage: next }) });
		} catch (error) {
			setChosen(!next);
			setProblem(error instanceof Error ? error.message : t("chat_not_saved"));
		}
	}

	return (
		<Section title={t("account_mails")}>
			<label className="-mt-2.5 flex min-h-11 items-center gap-3">
				<input
					type="checkbox"
					checked={chosen}
					disabled={!hydrated}
					onChange={(event) => void choose(event.currentTarget.checked)}
					className="size-4 shrink-0 accent-ink"
				/>
				{t("account_mails_usage")}
			</label>
			{problem && (
				<p role="alert" className="text-small text-warn">
					{problem}
				</p>
			)}
		</Section>
	);
}
