import { useRef, useState } from "react";
import { number } from "../../text/format.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import { type ApiKeyView, SCOPES, type Scope } from "../../view/api-key.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { CopyButton } from "../frame/copy-button.tsx";
import { LocalTime, useHydrated } from "../frame/local-time.tsx";
import { useKeptFocus } from "../organization/use-kept-focus.ts";
import { fetchOrThrow } from "../requests.ts";
import { Section } from "./section.tsx";

interface KeysSectionProps {
	keys: ApiKeyView[];
	/** The organization that the keys act for. Null on the viewer's own page, which has all of their keys. */
	organization: { id: string; name: string } | null;
	/** The keys have changed. Resolves when the page shows it. */
	onChanged: () => Promise<void>;
}

/** API keys: their permissions, their last use, and a form for a new one, which is shown only once. */
export function KeysSection({ keys, organization, onChanged }: KeysSectionProps) {
	const about = useRef<HTMLParagraphElement>(null);
	const [revoking, setRevoking] = useState<ApiKeyView>();
	const [secret, setSecret] = useState<string>();
	const [outcome, setOutcome] = useState("");
	useKeptFocus(about, keys.length, revoking !== undefined);

	async function revoke({ id, name }: ApiKeyView): Promise<string | undefined> {
		try {
			await fetchOrThrow(`/api/keys/${id}`, { method: "DELETE" });
		} catch (error) {
			return error instanceof Error ? error.message : t("request_refused");
		}
		setSecret(undefined);
		setOutcome(t("keys_revoked", { name }));
		await onChanged();
	}

	return (
		<>
			<Section title={t("settings_keys")}>
				<p ref={about} tabIndex={-1} className="text-soft outline-none wrap-anywhere">
					{organization ? t("keys_about_organization", { organization: organization.name }) : t("keys_about")}
				</p>
				<ul className="mt-3 empty:hidden">
					{keys.map((key) => (
						<KeyRow key={key.id} of={key} showsOrganization={organization === null} onRevoke={() => setRevoking(key)} />
					))}
				</ul>
				<p role="status" className="mt-2 text-small text-soft wrap-anywhere empty:hidden">
					{outcome}
				</p>
				{secret && <Secret secret={secret} />}
				{revoking && (
					<ConfirmDialog
						title={t("keys_revoke_title", { name: revoking.name })}
						text={t("keys_revoke_text")}
						action={t("keys_revoke")}
						onConfirm={() => revoke(revoking)}
						onClose={() => setRevoking(undefined)}
					/>
				)}
			</Section>
			<Section title={t("keys_new")}>
				<NewKey
					organizationId={organization?.id ?? null}
					onCreated={async (created) => {
						setOutcome("");
						setSecret(created);
						await onChanged();
					}}
				/>
			</Section>
		</>
	);
}

/** The key itself. Only its hash is stored, so it cannot be shown again. */
function Secret({ secret }: { secret: string }) {
	return (
		<div role="status" className="mt-3 rounded-large bg-margin p-4">
			<p className="font-medium">{t("keys_keep")}</p>
			<p className="mt-1 text-small text-soft">{t("keys_keep_about")}</p>
			<code className="mt-3 block text-small wrap-anywhere">{secret}</code>
			<div className="mt-2 -ml-2">
				<CopyButton text={secret} what={t("keys_the_key")} />
			</div>
		</div>
	);
}

const scopeName = (scope: Scope): string =>
	({ chat: t("keys_scope_chat"), models: t("keys_scope_models"), usage: t("keys_scope_usage") })[scope];

function KeyRow({ of, showsOrganization, onRevoke }: { of: ApiKeyView; showsOrganization: boolean; onRevoke: () => void }) {
	const { name, prefix, scopes, limit, organization, owner, expiresAt, isExpired, lastUsedAt } = of;
	const hydrated = useHydrated();
	const may = [...scopes.map(scopeName), ...(limit ? [limitText(limit)] : [])].join(" · ");
	return (
		<li className="flex flex-wrap items-center justify-between gap-x-4 border-line border-b py-2">
			<div className="min-w-0 grow basis-48 wrap-anywhere">
				<p>
					{name} <code className="text-small text-soft">{prefix}…</code>
					<span className="text-soft">
						{owner && ` · ${owner}`}
						{showsOrganization && organization && ` · ${organization}`}
					</span>
				</p>
				<p className="text-small text-soft">{may}</p>
				<p className="text-small text-soft">
					{lastUsedAt ? rich("account_last_used", { time: <LocalTime iso={lastUsedAt} form="moment" /> }) : t("keys_never_used")} ·{" "}
					{expiresAt === null
						? t("keys_no_end")
						: isExpired
							? t("keys_expired")
							: rich("keys_until", { day: <LocalTime iso={expiresAt} form="date" /> })}
				</p>
			</div>
			<button
				type="button"
				className="button-bare destructive -mx-2"
				disabled={!hydrated}
				aria-label={t("keys_revoke_what", { name })}
				onClick={onRevoke}
			>
				{t("keys_revoke")}
			</button>
		</li>
	);
}

function limitText({ units, per }: NonNullable<ApiKeyView["limit"]>): string {
	return per === "day" ? t("keys_a_day", { count: units }) : t("keys_a_period", { count: units });
}

/** The lifetimes of a new key in days. The first is the default. */
const LIFETIMES = [90, 30, 365, null] as const;
const LIMIT_MAX = 1_000_000;

interface NewKeyProps {
	organizationId: string | null;
	onCreated: (secret: string) => Promise<void>;
}

function NewKey({ organizationId, onCreated }: NewKeyProps) {
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<{ field: "name" | "scopes" | "limit" | "form"; text: string }>();

	async function submit(form: HTMLFormElement): Promise<void> {
		const data = new FormData(form);
		const name = String(data.get("name")).trim();
		const scopes = data.getAll("scope");
		const units = String(data.get("units")).trim();
		const days = Number(data.get("days"));
		setProblem(undefined);
		if (!name) return setProblem({ field: "name", text: t("keys_name_it") });
		if (scopes.length === 0) return setProblem({ field: "scopes", text: t("keys_choose_scope") });
		const limit = units === "" ? null : { units: Number(units), per: data.get("per") };
		if (limit && !(Number.isInteger(limit.units) && limit.units >= 1 && limit.units <= LIMIT_MAX))
			return setProblem({ field: "limit", text: t("org_limit_range", { max: number(LIMIT_MAX) }) });
		setBusy(true);
		try {
			const body = JSON.stringify({ name, scopes, limit, expiresInDays: days || null, organization: organizationId });
			const response = await fetchOrThrow("/api/keys", { method: "POST", headers: { "content-type": "application/json" }, body });
			const { secret }: { secret: string } = await response.json();
			form.reset();
			await onCreated(secret);
		} catch (error) {
			setProblem({ field: "form", text: error instanceof Error ? error.message : t("request_refused") });
		} finally {
			setBusy(false);
		}
	}

	const wrong = (field: string) => (problem?.field === field ? { "aria-invalid": true, "aria-describedby": "key-problem" } : {});
	return (
		<form
			noValidate
			className="flex max-w-form flex-col gap-4"
			onSubmit={(event) => {
				event.preventDefault();
				if (!busy) void submit(event.currentTarget);
			}}
		>
			<label className="flex flex-col gap-1 font-medium">
				{t("keys_name")}
				<input name="name" maxLength={60} autoComplete="off" className="field font-normal" {...wrong("name")} />
			</label>
			<fieldset {...wrong("scopes")}>
				<legend className="font-medium">{t("keys_may")}</legend>
				{SCOPES.map((scope) => (
					<label key={scope} className="flex min-h-11 items-center gap-3">
						<input type="checkbox" name="scope" value={scope} defaultChecked className="size-4 shrink-0 accent-ink" />
						{scopeName(scope)}
					</label>
				))}
			</fieldset>
			<div className="flex flex-wrap gap-2">
				<label className="flex min-w-0 grow basis-32 flex-col gap-1 font-medium">
					{t("keys_limit")}
					<input
						name="units"
						inputMode="numeric"
						autoComplete="off"
						placeholder={t("keys_no_limit")}
						className="field w-auto font-normal"
						{...wrong("limit")}
					/>
				</label>
				<select name="per" aria-label={t("keys_limit_per")} aria-describedby="key-per" className="field w-auto self-end">
					<option value="day">{t("keys_per_day")}</option>
					<option value="period">{t("keys_per_period")}</option>
				</select>
				<p id="key-per" className="w-full text-small text-soft">
					{t("keys_per_about")}
				</p>
			</div>
			<label className="flex flex-col gap-1 font-medium">
				{t("keys_expires")}
				<select name="days" className="field w-auto font-normal">
					{LIFETIMES.map((days) => (
						<option key={days} value={days ?? 0}>
							{days === null ? t("keys_no_end") : t("keys_in_days", { count: days })}
						</option>
					))}
				</select>
			</label>
			<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
				{/* Before hydration, submitting would reload the page. */}
				<button type="submit" className="button-plain" disabled={!hydrated || busy}>
					{t("keys_create")}
				</button>
				<p id="key-problem" role="alert" className="text-small text-warn empty:hidden">
					{problem?.text}
				</p>
			</div>
		</form>
	);
}
