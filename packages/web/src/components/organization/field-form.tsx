import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { useHydrated } from "../frame/local-time.tsx";

/** The result of a form, as a sentence for the viewer. */
export type Outcome = { done: string } | { problem: string };

interface FieldFormProps {
	label: string;
	hint: string;
	input: Pick<ComponentProps<"input">, "type" | "inputMode" | "autoComplete" | "defaultValue">;
	/** Another input, between the field and the button. */
	beside?: ReactNode;
	action: string;
	/** On a problem the typed value stays in the field. */
	onSubmit: (value: string, form: FormData) => Promise<Outcome>;
}

/** A form with one field. After submitting, the focus returns to the field. */
export function FieldForm({ label, hint, input, beside, action, onSubmit }: FieldFormProps) {
	const id = useId();
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [outcome, setOutcome] = useState<Outcome>({ done: "" });
	const problem = "problem" in outcome ? outcome.problem : undefined;

	async function submit(form: HTMLFormElement) {
		const data = new FormData(form);
		setBusy(true);
		const next = await onSubmit(String(data.get("value")).trim(), data);
		setBusy(false);
		setOutcome(next);
		if ("done" in next) form.reset();
		const field = form.elements.namedItem("value");
		if (field instanceof HTMLInputElement) field.focus();
	}

	return (
		<form
			noValidate
			className="flex flex-col gap-1"
			onSubmit={(event) => {
				event.preventDefault();
				if (!busy) void submit(event.currentTarget);
			}}
		>
			<label htmlFor={id} className="font-medium">
				{label}
			</label>
			<div className="flex flex-wrap gap-2">
				<input
					{...input}
					id={id}
					name="value"
					aria-invalid={problem ? true : undefined}
					aria-describedby={`${id}-says`}
					className={`field w-auto min-w-0 grow ${beside ? "basis-full sm:basis-48" : "basis-32"}`}
				/>
				{beside}
				{/* Before hydration, submitting would reload the page. */}
				<button type="submit" className="button-plain" disabled={!hydrated || busy}>
					{action}
				</button>
			</div>
			<p id={`${id}-says`} role="status" className={`text-small wrap-anywhere ${problem ? "text-warn" : "text-soft"}`}>
				{problem ?? (("done" in outcome && outcome.done) || hint)}
			</p>
		</form>
	);
}
