import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

// Each file starts with an empty database. An alarm of an earlier file's object would call the sandbox in the middle of this one.
await reset();
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
