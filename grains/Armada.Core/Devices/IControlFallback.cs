namespace Armada.Core.Devices;

/// <summary>Delivers control messages to devices where the silo has no MQTT connection.</summary>
public interface IControlFallback
{
    /// <summary>Publishes a control message; it reaches the device at least once, if the device is connected.</summary>
    /// <exception cref="RegistryFailedException">It was not published, or that is not known.</exception>
    ValueTask PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellation);
}
