import { defineConfig } from "drizzle-kit";

// `npm run migration -w @parley/web` writes the next file of src/db/migrations from src/db/schema.ts.
export default defineConfig({ dialect: "sqlite", schema: "./src/db/schema.ts", out: "./src/db/migrations" });
