/** What of the Chrome DevTools Protocol is used here: parameters and result of each command. */
export interface Commands {
  'Browser.getVersion': [Nothing, Nothing]
  'Browser.close': [Nothing, Nothing]
  'Browser.setPermission': [
    { permission: { name: string }; setting: 'granted' | 'denied'; origin: string },
    Nothing,
  ]
  'Target.setAutoAttach': [
    {
      autoAttach: boolean
      waitForDebuggerOnStart: boolean
      flatten: boolean
      filter: { type: string; exclude?: boolean }[]
    },
    Nothing,
  ]
  'Target.createTarget': [
    { url: string; newWindow: boolean; width: number; height: number },
    { targetId: string },
  ]
  'Target.closeTarget': [{ targetId: string }, Nothing]
  'Runtime.enable': [Nothing, Nothing]
  'Runtime.addBinding': [{ name: string; executionContextName: string }, Nothing]
  'Runtime.evaluate': [{ expression: string; contextId: number }, Nothing]
  'Page.enable': [Nothing, Nothing]
  'Page.addScriptToEvaluateOnNewDocument': [{ source: string; worldName?: string }, Nothing]
  'Page.navigate': [{ url: string }, { errorText?: string }]
  'Page.crash': [Nothing, Nothing]
  'Page.reload': [Nothing, Nothing]
  'Fetch.enable': [{ patterns: { urlPattern: string; resourceType?: 'Document' }[] }, Nothing]
  'Fetch.continueRequest': [{ requestId: string }, Nothing]
  'Fetch.failRequest': [{ requestId: string; errorReason: 'Aborted' | 'Failed' }, Nothing]
  'Fetch.fulfillRequest': [
    {
      requestId: string
      responseCode: number
      responseHeaders: { name: string; value: string }[]
      body: string
    },
    Nothing,
  ]
}

/** Events, likewise. */
export interface CdpEvents {
  'Target.attachedToTarget': {
    sessionId: string
    targetInfo: { targetId: string; type: string; openerId?: string; url: string }
  }
  'Inspector.targetCrashed': Nothing
  'Runtime.executionContextCreated': {
    context: { id: number; name: string; auxData?: { frameId?: string } }
  }
  'Runtime.bindingCalled': { name: string; payload: string; executionContextId: number }
  'Page.frameNavigated': { frame: { id: string; parentId?: string; url: string } }
  'Page.navigatedWithinDocument': { frameId: string; url: string }
  'Page.loadEventFired': Nothing
  'Fetch.requestPaused': {
    requestId: string
    frameId: string
    resourceType: string
    request: { url: string; method: string; headers: Record<string, string>; postData?: string }
  }
}

type Nothing = Record<string, unknown>
