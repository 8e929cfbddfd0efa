import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";
import type { OrganizationView } from "../../view/identity.ts";
import { FieldForm, type Outcome } from "./field-form.tsx";
import { limitEachMember, thenReload } from "./organization-requests.ts";

interface LimitForEachProps {
	organization: OrganizationView;
	onChanged: () => Promise<void>;
}

const limitMax = 1_000_000;

/** Each member's request limit per billing period. Without a number, the default applies to plain members. */
export function LimitForEach({ organization: { id, requestsPerMember }, onChanged }: LimitForEachProps) {
	async function save(text: string): Promise<Outcome> {
		const limit = text === "" ? null : Number(text);
		if (limit !== null && !(Number.isInteger(limit) && limit >= 1 && limit <= limitMax))
			return { problem: t("org_limit_range", { max: number(limitMax) }) };
		const problem = await thenReload(limitEachMember(id, limit), onChanged);
		if (problem) return { problem };
		if (limit === null) return { done: t("org_limit_saved_fifth") };
		return { done: t("org_limit_saved", { limit: number(limit) }) };
	}
	return (
		<FieldForm
			label={t("org_limit")}
			hint={t("org_limit_hint")}
			input={{ type: "text", inputMode: "numeric", autoComplete: "off", defaultValue: requestsPerMember ?? "" }}
			action={t("frame_save")}
			onSubmit={save}
		/>
	);
}
