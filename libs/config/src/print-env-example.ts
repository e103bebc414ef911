import { renderEnvExample } from './env-example.ts'

// `npm run env-example` writes this into .env.example.
process.stdout.write(renderEnvExample())
