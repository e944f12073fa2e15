using System.ComponentModel;
using Armada.Silo.Audit;

namespace Armada.Silo.Api;

/// <summary>A robot to be made.</summary>
internal sealed record NewRobot(
    [property: Description("1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit.")] string Id,
    [property: Description("A known model: so100 or so101.")] string Model,
    [property: Description("Joints whose limits are narrower than the model's.")] IReadOnlyList<JointLimitsRequest>? Joints = null)
    : IAudited
{
    string? IAudited.Subject => Id;

    string? IAudited.Detail => Model;
}

/// <summary>What a robot is to be.</summary>
internal sealed record RobotSettings(
    [property: Description("A known model: so100 or so101.")] string Model,
    [property: Description("Joints whose limits are narrower than the model's; the others get the model's.")]
    IReadOnlyList<JointLimitsRequest>? Joints = null) : IAudited
{
    string? IAudited.Detail => Model;
}

/// <summary>One joint's own limits; what is left out stays as the model has it.</summary>
internal sealed record JointLimitsRequest(
    [property: Description("Such as shoulder_pan.")] string Name,
    [property: Description("Lowest position commanded, in the joint's unit; not below the model's.")] double? Min = null,
    [property: Description("Highest position commanded, in the joint's unit; not above the model's.")] double? Max = null,
    [property: Description("Fastest commanded change, units per second, 1 to 360.")] double? MaxVelocity = null,
    [property: Description("Rest position, within the limits.")] double? Rest = null);

/// <summary>A device to be bound as master or slave.</summary>
internal sealed record DeviceBinding(
    [property: Description("What the binding is to; device is the only one yet.")] string Type,
    [property: Description("Device name; the device may be offline, it goes live with its first frame.")] string Device,
    [property: Description("Take the place of another master, or the device from another robot or role.")] bool Takeover = false)
    : IAudited
{
    /// <summary>The only type there is.</summary>
    public const string DeviceType = "device";

    string? IAudited.Detail => Takeover ? $"{Device}, takeover" : Device;
}
