namespace Armada.Core.Devices;

/// <summary>The way for control messages to devices where the silo has no MQTT connection.</summary>
public interface IControlFallback
{
    /// <summary>Publishes a control message; it reaches the device at least once, if the device is connected.</summary>
    /// <param name="topic">The device's topic.</param>
    /// <param name="payload">The message.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RegistryFailedException">It was not published, or nobody knows.</exception>
    ValueTask PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellation);
}
