import { type ComponentType, lazy, type ReactNode, Suspense, useId, useRef, useState } from "react";
import { NAME_CHARS_MAX } from "../../name-rule.ts";
import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { HumanCheckProps } from "../chat/human-check.tsx";
import { useHydrated } from "../frame/local-time.tsx";
import { NeedsScripts } from "../frame/needs-scripts.tsx";
import type { SignProblem } from "./session-requests.ts";

// Only servers with Turnstile keys show the check. If it does not load, the text above it says what is needed.
const HumanCheck = lazy<ComponentType<HumanCheckProps>>(() => import("../chat/human-check.tsx").catch(() => ({ default: () => null })));

/** Checked on submit. The fields accept more, so that a paste is never silently cut. */
const CHARS_MAX = { name: NAME_CHARS_MAX, email: 254, password: 128, code: 64 };

interface Field {
	name: "name" | "email" | "password" | "code";
	label: string;
	type: "text" | "email" | "password";
	autoComplete: string;
	inputMode?: "numeric";
	/** Focused on mount, because the user has just received what it asks for. */
	autoFocus?: boolean;
	hint?: string;
}

interface SignFormProps {
	fields: Field[];
	action: string;
	/** Resolves to a problem, or to undefined if the page is about to change. `humanToken`: a solved Turnstile check. */
	onSubmit: (values: Record<string, string>, humanToken?: string) => Promise<SignProblem | undefined>;
	children?: ReactNode;
}

/** A sign-in or sign-up form. A problem is shown at its field, which gets the focus. */
export function SignForm({ fields, action, onSubmit, children }: SignFormProps) {
	const [problems, setProblems] = useState<SignProblem[]>([]);
	const [busy, setBusy] = useState(false);
	const [tries, setTries] = useState(0);
	// A press before hydration would only reload the page.
	const hydrated = useHydrated();
	const formElement = useRef<HTMLFormElement>(null);
	const siteKey = problems.find((problem) => problem.siteKey)?.siteKey;
	const problemOf = (field: SignProblem["field"]) => problems.find((problem) => problem.field === field)?.text;

	async function submit(form: HTMLFormElement, humanToken?: string) {
		const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
		const wrong = check(fields, values);
		setProblems(wrong);
		if (wrong[0]) return focusField(form, wrong[0].field);
		setBusy(true);
		setTries(tries + 1);
		const problem = await onSubmit(values, humanToken);
		if (!problem) return;
		setBusy(false);
		setProblems([problem]);
		focusField(form, problem.field);
	}

	return (
		<form
			ref={formElement}
			noValidate
			// Before hydration, submitting with GET would put the password into the address.
			method="post"
			className="mt-8 flex flex-col gap-5"
			onSubmit={(event) => {
				event.preventDefault();
				void submit(event.currentTarget);
			}}
		>
			{fields.map((field) => (
				<FieldRow key={field.name} field={field} problem={problemOf(field.name)} />
			))}
			{problemOf("form") && (
				<p role="alert" className="text-warn">
					{problemOf("form")}
				</p>
			)}
			{siteKey && (
				<Suspense>
					{/* A token is valid for one attempt, so each attempt gets a new widget. */}
					<HumanCheck
						key={tries}
						siteKey={siteKey}
						action="sign-up"
						onSolved={(token) => formElement.current && void submit(formElement.current, token)}
					/>
				</Suspense>
			)}
			<NeedsScripts>{t("auth_needs_scripts")}</NeedsScripts>
			<button type="submit" className="button-next" disabled={busy || !hydrated}>
				{busy ? t("frame_one_moment") : action}
			</button>
			{children}
		</form>
	);
}

function FieldRow({ field, problem }: { field: Field; problem: string | undefined }) {
	const id = useId();
	const { label, hint, ...input } = field;
	const note = problem ?? hint;
	return (
		<div className="flex flex-col gap-1">
			<label htmlFor={id} className="font-medium">
				{label}
			</label>
			<input
				{...input}
				id={id}
				required
				aria-invalid={problem ? true : undefined}
				aria-describedby={note ? `${id}-says` : undefined}
				className="field"
			/>
			{note && (
				<p id={`${id}-says`} role={problem ? "alert" : undefined} className={`text-small ${problem ? "text-warn" : "text-soft"}`}>
					{note}
				</p>
			)}
		</div>
	);
}

function check(fields: Field[], values: Record<string, string>): SignProblem[] {
	return fields.flatMap(({ name }): SignProblem[] => {
		const value = values[name] ?? "";
		const charsMax = CHARS_MAX[name];
		if ((name === "name" ? [...value.trim()].length : value.length) > charsMax)
			return [{ field: name, text: t("auth_too_long", { max: number(charsMax) }) }];
		if (name === "name" && value.trim() === "") return [{ field: name, text: t("auth_name_needed") }];
		if (name === "email" && !/^\S+@\S+\.\S+$/.test(value.trim())) return [{ field: name, text: t("auth_email_needed") }];
		if (name === "code" && value.trim() === "") return [{ field: name, text: t("auth_code_needed") }];
		if (name === "password" && value === "") return [{ field: name, text: t("auth_password_needed") }];
		if (name === "password" && value.length < 8) return [{ field: name, text: t("auth_use_8") }];
		return [];
	});
}

function focusField(form: HTMLFormElement, field: SignProblem["field"]): void {
	const input = form.elements.namedItem(field);
	if (input instanceof HTMLInputElement) input.focus();
}
