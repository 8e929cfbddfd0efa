import { useId, useState, useSyncExternalStore } from "react";
import { t } from "../../text/text.ts";
import { CHOICES, type Choice, choose, chosen } from "./appearance.ts";
import { LanguageChoice } from "./language-choice.tsx";
import { Section } from "./section.tsx";

/** Theme, text size and the send key, stored in this browser. */
export function AppearanceSection() {
	return (
		<>
			<Section title={t("settings_look")}>
				<div className="flex flex-col gap-6">
					<Radios choice="theme" legend={t("settings_theme")} />
					<Radios choice="text" legend={t("settings_text_size")} />
				</div>
			</Section>
			<Section title={t("settings_writing")}>
				<Radios choice="enter" legend={t("settings_send_with")} />
				<p className="mt-2 text-small text-soft">{t("settings_send_hint")}</p>
			</Section>
			<LanguageChoice />
			<p className="mt-6 text-small text-soft">{t("settings_this_browser")}</p>
		</>
	);
}

function heard(onChange: () => void): () => void {
	addEventListener("storage", onChange);
	return () => removeEventListener("storage", onChange);
}

function Radios({ choice, legend }: { choice: Choice; legend: string }) {
	const group = useId();
	// Unknown on the server, so no option is marked until the page has read it.
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
						{label()}
					</label>
				))}
			</div>
			{!isKept && (
				<p role="alert" className="mt-1 text-warn">
					{t("settings_no_storage")}
				</p>
			)}
		</fieldset>
	);
}
