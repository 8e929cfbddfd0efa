import { useRouter } from "@tanstack/react-router";
import { type ComponentType, useState } from "react";
import { t } from "../../text/text.ts";
import { CopyButton } from "../frame/copy-button.tsx";
import { useHydrated } from "../frame/local-time.tsx";
import { FieldForm } from "../organization/field-form.tsx";
import { postToAuth } from "../session/auth-request.ts";
import { post, toProblem } from "../session/session-requests.ts";
import { Section } from "./section.tsx";

/** The setup of a new app: the secret to type, the address in the QR code, and the code's component once it is loaded. */
interface Setup {
	secret: string;
	uri: string;
	Picture: ComponentType<{ text: string; label: string }> | null;
}

/** An authenticator app as the second factor. */
export function SecondFactorSection({ recoveryLeft, isConfirmed }: { recoveryLeft: number | null; isConfirmed: boolean }) {
	const router = useRouter();
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [setup, setSetup] = useState<Setup>();
	const [recovery, setRecovery] = useState<string[]>();

	/** Calls a route and shows any problem. @returns its response */
	async function call<T>(path: string, body: object = {}): Promise<T | undefined> {
		setBusy(true);
		setProblem(undefined);
		const answered = await postToAuth<T>(path, body);
		setBusy(false);
		if (answered.kind === "done") return answered.answer;
		setProblem(toProblem(answered).text);
	}

	async function begin() {
		const given = await call<{ secret: string; uri: string }>("second-factor/set-up");
		if (!given) return;
		const picture = await import("./qr-picture.tsx").catch(() => null);
		setSetup({ ...given, Picture: picture?.QrPicture ?? null });
	}

	async function renew() {
		const given = await call<{ recovery: string[] }>("second-factor/recovery");
		setRecovery(given?.recovery);
		await router.invalidate();
	}

	async function remove() {
		const problem = await post("second-factor/remove", {});
		setProblem(problem?.text);
		setRecovery(undefined);
		await router.invalidate();
	}

	return (
		<Section title={t("account_second")} anchor="second-factor">
			<p className="text-soft">{recoveryLeft === null ? t("account_second_about") : t("account_second_on", { count: recoveryLeft })}</p>
			{recovery && <RecoveryCodes codes={recovery} />}
			{setup ? (
				<SetUp
					setup={setup}
					onEnabled={async (codes) => {
						setSetup(undefined);
						setRecovery(codes);
						await router.invalidate();
					}}
				/>
			) : (
				<div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
					{recoveryLeft === null ? (
						<button type="button" className="button-plain" disabled={!hydrated || busy || !isConfirmed} onClick={() => void begin()}>
							{t("account_second_set_up")}
						</button>
					) : (
						<>
							<button type="button" className="button-plain" disabled={!hydrated || busy} onClick={() => void renew()}>
								{t("account_new_recovery")}
							</button>
							<button type="button" className="button-plain destructive" disabled={!hydrated || busy} onClick={() => void remove()}>
								{t("account_second_remove")}
							</button>
						</>
					)}
					<p role="status" className={`text-small ${problem ? "text-warn" : "text-soft"}`}>
						{problem ?? (isConfirmed ? "" : t("auth_confirm_first"))}
					</p>
				</div>
			)}
		</Section>
	);
}

function SetUp({ setup: { secret, uri, Picture }, onEnabled }: { setup: Setup; onEnabled: (codes: string[]) => Promise<void> }) {
	return (
		<div className="mt-3 flex max-w-form flex-col gap-4">
			<p>{t("account_second_scan")}</p>
			{Picture && <Picture text={uri} label={t("account_second_picture")} />}
			<p className="text-small text-soft wrap-anywhere">
				{t("account_second_type")} <code className="text-ink">{secret.replace(/.{4}(?=.)/g, "$& ")}</code>{" "}
				<CopyButton text={secret} what={t("account_second_secret")} />{" "}
				<a href={uri} className="link">
					{t("account_second_open")}
				</a>
			</p>
			<FieldForm
				label={t("auth_code")}
				hint={t("account_second_code_hint")}
				input={{ type: "text", inputMode: "numeric", autoComplete: "one-time-code" }}
				action={t("auth_confirm")}
				onSubmit={async (code) => {
					const enabled = await postToAuth<{ recovery: string[] }>("second-factor/enable", { code });
					if (enabled.kind !== "done") return { problem: toProblem(enabled).text };
					await onEnabled(enabled.answer.recovery);
					return { done: "" };
				}}
			/>
		</div>
	);
}

function RecoveryCodes({ codes }: { codes: string[] }) {
	return (
		<div role="status" className="mt-3 rounded-large bg-margin p-4">
			<p className="font-medium">{t("account_recovery_keep")}</p>
			<p className="mt-1 text-small text-soft">{t("account_recovery_about")}</p>
			<ul className="mt-3 grid gap-x-6 gap-y-1 font-mono text-small sm:grid-cols-2">
				{codes.map((code) => (
					<li key={code}>{code}</li>
				))}
			</ul>
			<div className="mt-2 -ml-2">
				<CopyButton text={codes.join("\n")} what={t("account_recovery")} />
			</div>
		</div>
	);
}
