import { useLocation } from "@tanstack/react-router";
import { LANGUAGES } from "../../text/languages.ts";
import { language } from "../../text/reader.ts";
import { t } from "../../text/text.ts";
import { Section } from "./section.tsx";

/** Selects the language. A form, because the page reloads in the new language, also without scripts. Each language is listed under its own name. */
export function LanguageChoice() {
	const path = useLocation({ select: ({ pathname }) => pathname });
	return (
		<Section title={t("settings_language")}>
			<form method="post" action="/api/language" className="flex flex-wrap gap-x-2 gap-y-2">
				<input type="hidden" name="next" value={path} />
				{Object.entries(LANGUAGES).map(([value, name]) => (
					<button
						key={value}
						type="submit"
						name="language"
						value={value}
						lang={value}
						aria-pressed={value === language()}
						className="button-plain aria-pressed:bg-said"
					>
						{name}
					</button>
				))}
			</form>
		</Section>
	);
}
