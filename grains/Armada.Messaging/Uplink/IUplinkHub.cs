namespace Armada.Messaging.Uplink;

/// <summary>One way for the state frames of all devices of an agent.</summary>
/// <remarks>Disposing ends it, with what waits on it.</remarks>
public interface IUplinkHub : IAsyncDisposable
{
    /// <summary>The way of one device; before <see cref="Start"/>, once each.</summary>
    /// <param name="device">Device name.</param>
    IStateUplink Of(string device);

    /// <summary>Starts connecting and returns at once; what cannot be reached is tried again with back-off, for as long as it takes.</summary>
    void Start();
}
