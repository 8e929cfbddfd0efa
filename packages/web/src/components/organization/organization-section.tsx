import { startTransition, useEffect, useRef, useState } from "react";
import type { OrganizationsView } from "../../view/identity.ts";
import type { UsageView } from "../../view/usage.ts";
import { Section } from "../account/section.tsx";
import { LocalNumber } from "../frame/local-time.tsx";
import { CreateOrganization } from "./create-organization.tsx";
import { Invitations } from "./invitations.tsx";
import { Leave } from "./leave.tsx";
import { LimitForEach } from "./limit-for-each.tsx";
import { Members } from "./members.tsx";
import { WhoPays } from "./who-pays.tsx";

interface OrganizationSectionProps {
	organizations: OrganizationsView;
	usage: UsageView;
	/** Something changed that shows on this page. Resolves when it is shown. */
	onChanged: () => Promise<void>;
	/** Someone else pays now, which also shows in other tabs. Resolves when it is shown. */
	onPayerChanged: () => Promise<void>;
}

/** The viewer's organizations, and the one that they act for. Members who cannot manage it see only their own share. */
export function OrganizationSection({ organizations, usage, onChanged, onPayerChanged }: OrganizationSectionProps) {
	const { mine, active } = organizations;
	const outcomeLine = useRef<HTMLParagraphElement>(null);
	const [outcome, setOutcome] = useState("");
	// The pressed button is gone, so focus the sentence that says what happened.
	useEffect(() => {
		if (outcome) outcomeLine.current?.focus();
	}, [outcome]);

	async function onPayerGone(text: string) {
		await onPayerChanged();
		// As a transition, so that it appears together with the reloaded data.
		startTransition(() => setOutcome(text));
	}

	const create = (
		<CreateOrganization isFirst={mine.length === 0} onCreated={(name) => onPayerGone(`${name} is there, and you are its owner.`)} />
	);
	return (
		<Section title="Organization">
			<p ref={outcomeLine} tabIndex={-1} className="mb-4 wrap-anywhere outline-none empty:hidden">
				{outcome}
			</p>
			{mine.length === 0 ? (
				<>
					<p className="mb-4">In an organization several people ask on one plan.</p>
					{create}
				</>
			) : (
				<div className="flex flex-col gap-6">
					<div>
						<WhoPays organizations={organizations} hasPlan={usage.organization !== undefined} onChanged={onPayerChanged} />
						<div className="mt-2">{create}</div>
					</div>
					{active && (
						<>
							{usage.organization && <Share {...usage.organization.member} />}
							<Members organization={active} onChanged={onChanged} />
							{active.role !== "member" && (
								<>
									<Invitations organization={active} onChanged={onChanged} />
									<LimitForEach organization={active} onChanged={onChanged} />
								</>
							)}
							<Leave organization={active} onLeft={() => onPayerGone(`You have left ${active.name}.`)} />
						</>
					)}
				</div>
			)}
		</Section>
	);
}

function Share({ limit, used }: { limit: number | null; used: number }) {
	return (
		<p>
			Your own share of this billing period: <LocalNumber value={used} />
			{limit !== null && (
				<>
					{" of "}
					<LocalNumber value={limit} />
				</>
			)}{" "}
			{(limit ?? used) === 1 ? "request" : "requests"}.
		</p>
	);
}
