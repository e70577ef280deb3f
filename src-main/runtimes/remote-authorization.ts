/** The server has refused a request, and said what it wants instead. */
export interface AuthorizationRefusal {
  /** 401 or 403. */
  readonly status: number
  /** `WWW-Authenticate`, as it came. */
  readonly challenge: string | undefined
  /** `Authorization` of the request; undefined if it had none. */
  readonly sent: string | undefined
}

/** Signs the requests to one remote server, for whoever has signed in to it. */
export interface RemoteAuthorization {
  /**
   * `Authorization` of the next request; undefined while the server has not asked for a sign-in. Waits for a sign-in
   * that is under way, for a while. Rejects with GatewayError `sign_in_needed`.
   */
  header(signal: AbortSignal): Promise<string | undefined>
  /**
   * True: the request is to be sent again, with another header. False: it has nothing to do with signing in. Rejects
   * with GatewayError `sign_in_needed`, or with what is wrong with the server's sign-in.
   */
  refused(refusal: AuthorizationRefusal, signal: AbortSignal): Promise<boolean>
}
