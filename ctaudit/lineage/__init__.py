"""Who stands behind a call: the rules by which credentials are followed back to the human or workload.

    record --credential--> who called, with what credentials, begun when
           --walk.start--> a Walk that says which events it needs to see next (`Wanted`)
    events --issued------> what each of them handed out: keys, a principal id, a session, a second
           --links-------> which of these handed out *this* credential, how that is known, and how surely
           --walk.advance> a hop more, until an end: an origin, a gap that says which logs would close it, or several
                           candidates of which none is picked

Nothing here reads a store: whoever drives a walk looks the wanted events up, for many walks at once if it likes. A
credential is handed out in the second in which it begins (give or take the clocks of two services), so what a walk
wants is nearly always a few seconds of a few kinds of calls: no index is needed; the order of ingests does not matter.
"""
