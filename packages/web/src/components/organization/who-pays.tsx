import { useId, useState } from "react";
import { t } from "../../text/text.ts";
import type { OrganizationsView } from "../../view/identity.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { setPayer, thenReload } from "./organization-requests.ts";

interface WhoPaysProps {
	organizations: OrganizationsView;
	/** Whether the chosen organization has a plan that pays. */
	hasPlan: boolean;
	/** Resolves when the page shows the new payer. */
	onChanged: () => Promise<void>;
}

/** Selects the payer: the viewer or one of their organizations. */
export function WhoPays({ organizations: { mine, payer: current }, hasPlan, onChanged }: WhoPaysProps) {
	const group = useId();
	const hydrated = useHydrated();
	const [chosen, setChosen] = useState<{ id: string | null }>();
	const [problem, setProblem] = useState<string>();
	// Show the choice until the page has loaded it. Otherwise the radio button would jump back for a moment.
	if (chosen?.id === current) setChosen(undefined);
	const payer = chosen ? chosen.id : current;

	async function choose(id: string | null) {
		if (chosen) return;
		setChosen({ id });
		const failure = await thenReload(setPayer(id), onChanged);
		setProblem(failure);
		if (failure) setChosen(undefined);
	}

	return (
		<div>
			<fieldset disabled={!hydrated}>
				<legend className="font-medium">{t("org_bill_to")}</legend>
				{[{ id: null, name: t("org_me") }, ...mine].map(({ id, name }) => (
					<label key={id ?? "yourself"} className="flex min-h-9 items-center gap-3 pointer-coarse:min-h-11">
						<input
							type="radio"
							name={group}
							checked={payer === id}
							onChange={() => void choose(id)}
							className="size-4 shrink-0 accent-ink"
						/>
						<span className="min-w-0 wrap-anywhere">{name}</span>
					</label>
				))}
			</fieldset>
			<p role="status" className="mt-1 text-small text-soft wrap-anywhere">
				{chosen ? t("frame_one_moment_dots") : <Paying name={mine.find(({ id }) => id === current)?.name} hasPlan={hasPlan} />}
			</p>
			{problem && (
				<p role="alert" className="mt-2 text-warn">
					{problem}
				</p>
			)}
		</div>
	);
}

function Paying({ name, hasPlan }: { name: string | undefined; hasPlan: boolean }) {
	if (!name) return t("org_count_on_own");
	if (hasPlan) return t("org_count_on", { organization: name });
	return t("org_no_plan_yet", { organization: name });
}
