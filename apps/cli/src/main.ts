#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Half of a short command's time is Node reading the source: what it made of it is kept, in a folder of this installation and not in the system's
// temporary one, which others can write to. Where it cannot be kept nothing is lost. It must be on before the rest is imported.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/relay', import.meta.url)))

const { runCommand } = await import('./run-command.ts')
await runCommand()
