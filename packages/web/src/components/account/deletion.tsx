import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useId, useState } from "react";
import { money } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { DeletionView } from "../../view/identity.ts";
import { everyText } from "../billing/interval.ts";
import { MIDDLE, Modal } from "../frame/dialog.tsx";
import { LocalTime } from "../frame/local-time.tsx";
import { readDeletion, requestDeletion } from "./deletion-requests.ts";

export interface DeletionDialogProps {
	/** The organization to delete. Null for the viewer's account. */
	organization: { id: string; name: string } | null;
	/** Called with the day of the deletion, ISO 8601, or null if it is done. Resolves when the page shows it. */
	onDone: (dueAt: string | null) => Promise<void>;
	onClose: () => void;
}

type PlanEnd = "now" | "period-end";

/** A modal dialog that says what a deletion removes, selects when a plan ends, and requests the deletion. */
export default function DeletionDialog({ organization, onDone, onClose }: DeletionDialogProps) {
	const [view, setView] = useState<DeletionView>();
	const [choice, setChoice] = useState<PlanEnd>();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	const id = organization?.id;
	useEffect(() => {
		readDeletion(id).then(setView, (error: unknown) => setProblem(textOf(error)));
	}, [id]);
	const isReady = view !== undefined && !view.isUnread && view.organizations.length === 0;

	async function submit() {
		if (!isReady || busy) return;
		if (view.plans.length > 0 && choice === undefined) return setProblem(t("deletion_choose"));
		setBusy(true);
		setProblem(undefined);
		try {
			await onDone(await requestDeletion(id, choice));
			onClose();
		} catch (error) {
			setProblem(textOf(error));
			setBusy(false);
		}
	}

	return (
		<Modal
			title={organization ? t("deletion_organization_title", { organization: organization.name }) : t("deletion_account_title")}
			className={`${MIDDLE} max-w-[min(30rem,calc(100vw-32px))]`}
			onClose={onClose}
		>
			<form
				noValidate
				onSubmit={(event) => {
					event.preventDefault();
					void submit();
				}}
			>
				<div role="status" className="mt-2 text-soft wrap-anywhere">
					<Takes view={view} isOrganization={organization !== null} hasFailed={problem !== undefined} onClose={onClose} />
				</div>
				{isReady && view.plans.length > 0 && (
					<PlanChoice plans={view.plans} organization={organization?.name ?? null} choice={choice} onChoice={setChoice} />
				)}
				{problem && (
					<p role="alert" className="mt-3 text-warn">
						{problem}
					</p>
				)}
				<div className="mt-6 flex flex-wrap justify-end gap-2">
					<button type="button" className="button-plain" onClick={onClose}>
						{t("frame_cancel")}
					</button>
					{isReady && (
						<button type="submit" className="button-plain destructive" disabled={busy}>
							{organization ? t("deletion_organization_action") : t("deletion_account_action")}
						</button>
					)}
				</div>
			</form>
		</Modal>
	);
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : t("transfer_failed"));

interface TakesProps {
	view: DeletionView | undefined;
	isOrganization: boolean;
	hasFailed: boolean;
	onClose: () => void;
}

/** What is deleted and what stays, or what prevents the deletion. */
function Takes({ view, isOrganization, hasFailed, onClose }: TakesProps): ReactNode {
	if (!view) return hasFailed ? null : t("deletion_loading");
	if (view.isUnread) return t("deletion_try_when");
	if (view.organizations.length > 0) {
		return (
			<>
				{t("deletion_owner_first")}
				<ul className="mt-2 list-disc pl-5">
					{view.organizations.map(({ id, name }) => (
						<li key={id}>
							<Link to="/account/organization" search={{ show: id }} className="link" onClick={onClose}>
								{name}
							</Link>
						</li>
					))}
				</ul>
			</>
		);
	}
	if (isOrganization) return t("deletion_organization_text");
	return (
		<>
			<p>{t("deletion_account_text", { count: view.graceDays })}</p>
			<p className="mt-2">{t("deletion_about")}</p>
		</>
	);
}

interface PlanChoiceProps {
	plans: DeletionView["plans"];
	organization: string | null;
	choice: PlanEnd | undefined;
	onChoice: (choice: PlanEnd) => void;
}

/** Selects when the plan is cancelled. No option is preselected. */
function PlanChoice({ plans, organization, choice, onChoice }: PlanChoiceProps) {
	const name = useId();
	const last = plans
		.flatMap(({ endsAt }) => endsAt ?? [])
		.sort()
		.at(-1);
	const day = last === undefined ? t("deletion_plan_paid_until") : <LocalTime iso={last} form="date" />;
	const end =
		organization === null ? rich("deletion_plan_end_text", { day }) : rich("deletion_plan_end_organization", { organization, day });
	const options: { value: PlanEnd; label: string; text: ReactNode }[] = [
		{ value: "period-end", label: t("deletion_plan_end"), text: end },
		{ value: "now", label: t("deletion_plan_now"), text: t("deletion_plan_now_text") },
	];
	return (
		<fieldset className="mt-4">
			<legend className="font-medium wrap-anywhere">{plans.map(legendOf).join(" · ")}</legend>
			{options.map(({ value, label, text }) => (
				<label key={value} className="mt-2 flex gap-3">
					<input
						type="radio"
						name={name}
						checked={choice === value}
						onChange={() => onChoice(value)}
						className="mt-1 size-4 shrink-0 accent-ink"
					/>
					<span className="min-w-0 wrap-anywhere">
						{label}
						<span className="block text-small text-soft">{text}</span>
					</span>
				</label>
			))}
		</fieldset>
	);
}

function legendOf({ name, price }: DeletionView["plans"][number]): string {
	if (!price) return name;
	return t("deletion_plan_legend", { plan: name, cost: `${money(price.amountCents, price.currency)} ${everyText(price.interval)}` });
}
