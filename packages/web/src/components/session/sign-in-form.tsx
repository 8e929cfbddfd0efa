import { type ReactNode, useState } from "react";
import { PROVIDER_NAMES, type ProviderId } from "../../sign-in-providers.ts";
import { t } from "../../text/text.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { enterCode, goToProvider, passSecondFactor, type SignProblem, sendMail, signIn } from "./session-requests.ts";
import { SignForm } from "./sign-form.tsx";

interface SignInFormProps {
	/** The page to go to afterwards. */
	next: string;
	providers: ProviderId[];
	/** The step that a link or a provider left open, and any problem there. */
	initial: { step: "password" | "second" } & { problem?: string };
	/** Shown below the form. */
	children: ReactNode;
}

type Step = { kind: "password"; notice?: string; problem?: string } | { kind: "code"; email: string } | { kind: "second" };

/** Signs in with a password, a code, a passkey or a provider, and then with the second factor if the account has one. */
export function SignInForm({ next, providers, initial, children }: SignInFormProps) {
	const [step, setStep] = useState<Step>(initial.step === "second" ? { kind: "second" } : { kind: "password", problem: initial.problem });

	/** Leaves the page, or continues to the second factor. @returns the problem */
	function after(problem: SignProblem | undefined): SignProblem | undefined {
		if (problem?.needsSecondFactor) return void setStep({ kind: "second" });
		// A full load drops everything cached for another viewer.
		if (!problem) location.assign(next);
		return problem;
	}

	const back = () => setStep({ kind: "password" });
	if (step.kind === "second") return <SecondFactor onDone={after} onBack={back} />;
	if (step.kind === "code") return <Code email={step.email} onDone={after} onBack={back} />;
	return (
		<SignForm
			action={t("frame_sign_in")}
			onSubmit={async ({ email = "", password = "" }) => after(await signIn({ email: email.trim(), password }))}
			fields={[
				{ name: "email", label: t("auth_email"), type: "email", autoComplete: "username webauthn" },
				{ name: "password", label: t("account_password"), type: "password", autoComplete: "current-password" },
			]}
		>
			<OtherWays next={next} providers={providers} step={step} setStep={setStep} after={after} />
			{children}
		</SignForm>
	);
}

interface OtherWaysProps {
	next: string;
	providers: ProviderId[];
	step: Extract<Step, { kind: "password" }>;
	setStep: (step: Step) => void;
	after: (problem: SignProblem | undefined) => SignProblem | undefined;
}

/** The alternatives to the password. Those by mail use the address in the form's field. */
function OtherWays({ next, providers, step, setStep, after }: OtherWaysProps) {
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const say = (problem: SignProblem | undefined) => problem && setStep({ kind: "password", problem: problem.text });

	async function run(way: () => Promise<SignProblem | undefined>) {
		setBusy(true);
		say(await way());
		setBusy(false);
	}

	async function byMail(form: HTMLFormElement | null, purpose: "sign-in" | "reset") {
		const field = form?.elements.namedItem("email");
		if (!(field instanceof HTMLInputElement)) return;
		const email = field.value.trim();
		if (!/^\S+@\S+\.\S+$/.test(email)) {
			field.focus();
			return setStep({ kind: "password", problem: t("auth_email_first") });
		}
		await run(async () => {
			const problem = await sendMail(purpose, email, next);
			if (!problem)
				setStep(purpose === "sign-in" ? { kind: "code", email } : { kind: "password", notice: t("auth_reset_sent", { email }) });
			return problem;
		});
	}

	async function byPasskey() {
		await run(async () => {
			const { answerWithPasskey } = await import("./passkey-requests.ts");
			return after(await answerWithPasskey("sign-in/passkey"));
		});
	}

	const isOff = !hydrated || busy;
	return (
		<>
			<button
				type="button"
				className="link -mt-2 self-start text-small"
				disabled={isOff}
				onClick={(event) => void byMail(event.currentTarget.form, "reset")}
			>
				{t("auth_forgot")}
			</button>
			<p role="status" className={`wrap-anywhere empty:hidden ${step.problem ? "text-warn" : "text-soft"}`}>
				{step.problem ?? step.notice}
			</p>
			<p className="flex items-center gap-3 text-small text-soft before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
				{t("auth_or")}
			</p>
			<div className="grid gap-2 sm:grid-cols-2">
				<button
					type="button"
					className="button-plain"
					disabled={isOff}
					onClick={(event) => void byMail(event.currentTarget.form, "sign-in")}
				>
					{t("auth_mail_me_a_code")}
				</button>
				<button type="button" className="button-plain" disabled={isOff} onClick={() => void byPasskey()}>
					{t("auth_use_passkey")}
				</button>
				{providers.map((id) => (
					<button key={id} type="button" className="button-plain" disabled={isOff} onClick={() => void run(() => goToProvider(id, next))}>
						{t("auth_continue_with", { provider: PROVIDER_NAMES[id] })}
					</button>
				))}
			</div>
		</>
	);
}

interface StepProps {
	onDone: (problem: SignProblem | undefined) => SignProblem | undefined;
	onBack: () => void;
}

function Code({ email, onDone, onBack }: StepProps & { email: string }) {
	return (
		<>
			<p role="status" className="mt-2 text-soft wrap-anywhere">
				{t("auth_code_sent", { email })}
			</p>
			<SignForm
				action={t("frame_sign_in")}
				onSubmit={async ({ code = "" }) => onDone(await enterCode(code))}
				fields={[
					{ name: "code", label: t("auth_code"), type: "text", inputMode: "numeric", autoComplete: "one-time-code", autoFocus: true },
				]}
			>
				<Back onBack={onBack} />
			</SignForm>
		</>
	);
}

function SecondFactor({ onDone, onBack }: StepProps) {
	return (
		<>
			<p role="status" className="mt-2 text-soft">
				{t("auth_second_asked")}
			</p>
			<SignForm
				action={t("auth_confirm")}
				onSubmit={async ({ code = "" }) => onDone(await passSecondFactor(code))}
				fields={[
					{
						name: "code",
						label: t("auth_code"),
						type: "text",
						autoComplete: "one-time-code",
						autoFocus: true,
						hint: t("auth_or_recovery"),
					},
				]}
			>
				<Back onBack={onBack} />
			</SignForm>
		</>
	);
}

function Back({ onBack }: { onBack: () => void }) {
	return (
		<button type="button" className="link self-start text-small text-soft" onClick={onBack}>
			{t("auth_other_way")}
		</button>
	);
}
