/** ELECTRON_RUN_AS_NODE: plain Node, by Electron's name. */
import { becomeElectron, executablePath } from './identity.ts'

becomeElectron(executablePath())
