import { useId, useState, useSyncExternalStore } from "react";
import { CHOICES, type Choice, choose, chosen } from "./appearance.ts";
import { Section } from "./section.tsx";

/** Theme, text size and the key that sends, kept in this browser. */
export function AppearanceSection() {
	return (
		<>
			<Section title="Look">
				<div className="flex flex-col gap-6">
					<Radios choice="theme" legend="Theme" />
					<Radios choice="text" legend="Text size" />
				</div>
			</Section>
			<Section title="Writing">
				<Radios choice="enter" legend="Send with" />
				<p className="mt-2 text-small text-soft">
					Shift+Enter always starts a new line. On a phone, Enter starts a new line and the button sends.
				</p>
			</Section>
			<p className="mt-6 text-small text-soft">These apply to this browser.</p>
		</>
	);
}

function heard(onChange: () => void): () => void {
	addEventListener("storage", onChange);
	return () => removeEventListener("storage", onChange);
}

function Radios({ choice, legend }: { choice: Choice; legend: string }) {
	const group = useId();
	// Unknown on the server: no option is marked until the page has read it.
	const now = useSyncExternalStore(
		heard,
		() => chosen(choice),
		() => undefined,
	);
	const [isKept, setIsKept] = useState(true);
	return (
		<fieldset disabled={now === undefined}>
			<legend className="font-medium">{legend}</legend>
			<div className="flex flex-wrap gap-x-6">
				{CHOICES[choice].map(({ value, label }) => (
					<label key={value} className="flex min-h-9 items-center gap-2 pointer-coarse:min-h-11">
						<input
							type="radio"
							name={group}
							checked={now === value}
							onChange={() => setIsKept(choose(choice, value))}
							className="size-4 shrink-0 accent-ink"
						/>
						{label}
					</label>
				))}
			</div>
			{!isKept && (
				<p role="alert" className="mt-1 text-warn">
					This browser doesn’t let pages keep anything, so your choice can’t be kept.
				</p>
			)}
		</fieldset>
	);
}
