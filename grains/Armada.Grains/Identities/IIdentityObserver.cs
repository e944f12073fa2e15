namespace Armada.Grains.Identities;

/// <summary>A process that admits devices; there is one in each silo and gateway.</summary>
[GrainInterfaceType("armada.identity-observer"), Alias("armada.identity-observer")]
public interface IIdentityObserver : IGrainObserver
{
    /// <summary>Takes a change over, and ends the connections that it forbids; whoever revokes waits for that.</summary>
    [Alias("change")]
    Task ChangeAsync([Immutable] IdentityChange change);
}
