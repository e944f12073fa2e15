namespace Armada.Messaging.Uplink;

/// <summary>Where the state frames of one device go: to its MQTT topic, or straight to the robot that it serves.</summary>
public interface IStateUplink
{
    /// <summary>Such as mqtt; the tag of its counts.</summary>
    string Way { get; }

    /// <summary>Frames that were handed on.</summary>
    long Sent { get; }

    /// <summary>Frames that were not: overtaken by a newer one, or the way was closed.</summary>
    long Dropped { get; }

    /// <summary>Takes one state frame, on the device's bus thread: never blocks, and keeps nothing of the bytes.</summary>
    void Send(ReadOnlySpan<byte> frame);
}
