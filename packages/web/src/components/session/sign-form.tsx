import { type ReactNode, useId, useState } from "react";
import type { SignProblem } from "./session-requests.ts";

const CHARS_MAX = { name: 60, email: 254, password: 128 };

interface Field {
	name: "name" | "email" | "password";
	label: string;
	type: "text" | "email" | "password";
	autoComplete: string;
	hint?: string;
}

interface SignFormProps {
	fields: Field[];
	action: string;
	/** Resolves to a problem, or to undefined when the page is about to change. */
	onSubmit: (values: Record<string, string>) => Promise<SignProblem | undefined>;
	children?: ReactNode;
}

/** A sign-in or sign-up form. Problems are shown at their field, which gets the focus. */
export function SignForm({ fields, action, onSubmit, children }: SignFormProps) {
	const [problems, setProblems] = useState<SignProblem[]>([]);
	const [busy, setBusy] = useState(false);
	const problemOf = (field: SignProblem["field"]) => problems.find((problem) => problem.field === field)?.text;

	async function submit(form: HTMLFormElement) {
		const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
		const wrong = check(fields, values);
		setProblems(wrong);
		if (wrong[0]) return focusField(form, wrong[0].field);
		setBusy(true);
		const problem = await onSubmit(values);
		if (!problem) return;
		setBusy(false);
		setProblems([problem]);
		focusField(form, problem.field);
	}

	return (
		<form
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
			<button type="submit" className="button-next" disabled={busy}>
				{busy ? "One moment" : action}
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
				maxLength={CHARS_MAX[input.name]}
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
		if (name === "name" && value.trim() === "") return [{ field: name, text: "How shall we call you? Any name will do." }];
		if (name === "email" && !/^\S+@\S+\.\S+$/.test(value.trim()))
			return [{ field: name, text: "Please write your email address, like ada@example.com." }];
		if (name === "password" && value === "") return [{ field: name, text: "Please write your password." }];
		if (name === "password" && value.length < 8) return [{ field: name, text: "Please use at least 8 characters." }];
		return [];
	});
}

function focusField(form: HTMLFormElement, field: SignProblem["field"]): void {
	const input = form.elements.namedItem(field);
	if (input instanceof HTMLInputElement) input.focus();
}
