import { Link } from "@tanstack/react-router";
import { startTransition, useEffect, useRef, useState } from "react";
import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { OrganizationsView } from "../../view/identity.ts";
import type { UsageView } from "../../view/usage.ts";
import { Section } from "../account/section.tsx";
import { CreateOrganization } from "./create-organization.tsx";
import { DeleteOrganization } from "./delete-organization.tsx";
import { HandOver } from "./hand-over.tsx";
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
	/** The payer has changed, which also shows in other tabs. Resolves when it is shown. */
	onPayerChanged: () => Promise<void>;
}

/** The viewer's organizations, the payer among them, and the members of one. Members who cannot manage it see only their own share. */
export function OrganizationSection({ organizations, usage, onChanged, onPayerChanged }: OrganizationSectionProps) {
	const { mine, payer, shown } = organizations;
	const outcomeLine = useRef<HTMLParagraphElement>(null);
	const [outcome, setOutcome] = useState("");
	// The pressed button is gone, so focus the message about the result.
	useEffect(() => {
		if (outcome) outcomeLine.current?.focus();
	}, [outcome]);

	async function say(text: string, reload: () => Promise<void>) {
		await reload();
		// In a transition, so that it appears together with the reloaded data.
		startTransition(() => setOutcome(text));
	}

	const create = (
		<CreateOrganization isFirst={mine.length === 0} onCreated={(name) => say(t("org_created", { organization: name }), onChanged)} />
	);
	return (
		<>
			<Section title={t("settings_organization")}>
				<p ref={outcomeLine} tabIndex={-1} className="mb-4 wrap-anywhere outline-none empty:hidden">
					{outcome}
				</p>
				{mine.length === 0 ? (
					<p className="mb-4">{t("org_share_plan")}</p>
				) : (
					<WhoPays organizations={organizations} hasPlan={usage.organization !== undefined} onChanged={onPayerChanged} />
				)}
				<div className={mine.length === 0 ? "" : "mt-2"}>{create}</div>
			</Section>
			{shown && (
				<Section title={shown.name}>
					<div className="flex flex-col gap-6">
						{mine.length > 1 && <Others {...organizations} />}
						{shown.id === payer && usage.organization && <Share {...usage.organization.member} />}
						<Members organization={shown} onChanged={onChanged} />
						{shown.role !== "member" && (
							<>
								<Invitations organization={shown} onChanged={onChanged} />
								<LimitForEach organization={shown} onChanged={onChanged} />
							</>
						)}
						<div className="flex flex-col items-start gap-2">
							<HandOver
								key={shown.id}
								organization={shown}
								onHandedOver={(name) => say(t("org_handed_over", { name, organization: shown.name }), onChanged)}
								onChanged={onChanged}
							/>
							<Leave organization={shown} onLeft={() => say(t("org_left", { organization: shown.name }), onPayerChanged)} />
							<DeleteOrganization
								key={`delete ${shown.id}`}
								organization={shown}
								onDeleted={(dueAt) =>
									dueAt === null ? say(t("deletion_organization_done", { organization: shown.name }), onPayerChanged) : onChanged()
								}
								onKept={onChanged}
							/>
						</div>
					</div>
				</Section>
			)}
		</>
	);
}

/** Links to the members of the viewer's other organizations. */
function Others({ mine, shown }: OrganizationsView) {
	return (
		<nav aria-label={t("org_yours")} className="-ml-2 flex flex-wrap">
			{mine.map(({ id, name }) => (
				<Link
					key={id}
					to="/account/organization"
					search={{ show: id }}
					aria-current={id === shown?.id ? "page" : undefined}
					className={`button-bare wrap-anywhere ${id === shown?.id ? "font-medium text-ink" : ""}`}
				>
					{name}
				</Link>
			))}
		</nav>
	);
}

function Share({ limit, used }: { limit: number | null; used: number }) {
	return <p>{limit === null ? t("org_own_share", { count: used }) : t("org_own_share_of", { used: number(used), count: limit })}</p>;
}
