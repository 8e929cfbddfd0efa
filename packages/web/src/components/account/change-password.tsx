import { useId, useState } from "react";
import { t } from "../../text/text.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { changePassword } from "../session/session-requests.ts";

const FIELDS = [
	{ name: "current", label: () => t("account_current_password"), autoComplete: "current-password" },
	{ name: "next", label: () => t("account_new_password"), autoComplete: "new-password" },
] as const;

/** Changes the password and signs out everywhere else. A refusal keeps the input. */
export function ChangePassword() {
	const id = useId();
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [outcome, setOutcome] = useState<{ done: string } | { problem: string }>();

	async function submit(form: HTMLFormElement) {
		const typed = new FormData(form);
		const [currentPassword, newPassword] = FIELDS.map(({ name }) => String(typed.get(name)));
		if (!currentPassword || !newPassword) return setOutcome({ problem: t("account_enter_both_passwords") });
		setBusy(true);
		const problem = await changePassword({ currentPassword, newPassword });
		setBusy(false);
		setOutcome(problem ? { problem: problem.text } : { done: t("account_password_changed") });
		if (!problem) form.reset();
	}

	return (
		<form
			noValidate
			// Before hydration, submitting with GET would put the passwords into the address.
			method="post"
			className="flex max-w-form flex-col gap-4"
			onSubmit={(event) => {
				event.preventDefault();
				if (!busy) void submit(event.currentTarget);
			}}
		>
			{FIELDS.map(({ name, label, autoComplete }) => (
				<div key={name} className="flex flex-col gap-1">
					<label htmlFor={`${id}-${name}`} className="font-medium">
						{label()}
					</label>
					<input id={`${id}-${name}`} name={name} type="password" autoComplete={autoComplete} className="field" />
				</div>
			))}
			<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
				<button type="submit" className="button-plain" disabled={!hydrated || busy}>
					{t("account_change_password")}
				</button>
				<p role="status" className={`text-small ${outcome && "problem" in outcome ? "text-warn" : "text-soft"}`}>
					{outcome ? ("problem" in outcome ? outcome.problem : outcome.done) : t("account_signs_out")}
				</p>
			</div>
		</form>
	);
}
