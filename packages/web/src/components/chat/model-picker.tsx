import type { ModelOption } from "../../view/chat.ts";

interface ModelPickerProps {
	models: ModelOption[];
	model: string | undefined;
	onModel: (id: string) => void;
}

/** Selects the model, and shows its price unless it is one request. */
export function ModelPicker({ models, model, onModel }: ModelPickerProps) {
	return (
		<select
			aria-label="Model"
			className="button-bare -ml-2 max-w-48 truncate text-small"
			value={model}
			onChange={(event) => onModel(event.target.value)}
		>
			{models.map(({ id, label, units }) => (
				<option key={id} value={id}>
					{units === 1 ? label : `${label} · ${units} requests each`}
				</option>
			))}
		</select>
	);
}
