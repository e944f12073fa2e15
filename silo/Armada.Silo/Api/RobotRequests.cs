using System.ComponentModel;
using Armada.Core.Robots;
using Armada.Silo.Audit;

namespace Armada.Silo.Api;

/// <summary>What joints a robot is to have: those of a known model, a list, or a URDF's.</summary>
internal interface IRobotShape
{
    /// <summary>A known model, or the name of another whose joints are all listed.</summary>
    string? Model { get; }

    /// <summary>Joints.</summary>
    IReadOnlyList<JointBody>? Joints { get; }

    /// <summary>A URDF's XML.</summary>
    string? Urdf { get; }

    /// <summary>Servo ids by joint, with a URDF.</summary>
    IReadOnlyDictionary<string, int>? ServoIds { get; }

    /// <summary>Rest positions by joint, with a URDF.</summary>
    IReadOnlyDictionary<string, double>? Rest { get; }
}

/// <summary>A robot to be made.</summary>
internal sealed record NewRobot(
    [property: Description("1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit.")] string Id,
    [property: Description(RobotSettings.ModelText)] string? Model = null,
    [property: Description(RobotSettings.JointsText)] IReadOnlyList<JointBody>? Joints = null,
    [property: Description(RobotSettings.UrdfText)] string? Urdf = null,
    [property: Description(RobotSettings.ServoIdsText)] IReadOnlyDictionary<string, int>? ServoIds = null,
    [property: Description(RobotSettings.RestText)] IReadOnlyDictionary<string, double>? Rest = null)
    : IAudited, IRobotShape
{
    string? IAudited.Subject => Id;

    string? IAudited.Detail => Model ?? "urdf";
}

/// <summary>What a robot is to be.</summary>
internal sealed record RobotSettings(
    [property: Description(RobotSettings.ModelText)] string? Model = null,
    [property: Description(RobotSettings.JointsText)] IReadOnlyList<JointBody>? Joints = null,
    [property: Description(RobotSettings.UrdfText)] string? Urdf = null,
    [property: Description(RobotSettings.ServoIdsText)] IReadOnlyDictionary<string, int>? ServoIds = null,
    [property: Description(RobotSettings.RestText)] IReadOnlyDictionary<string, double>? Rest = null)
    : IAudited, IRobotShape
{
    public const string ModelText =
        "A known model, so100 or so101; or another name, with all its joints or a URDF. A URDF has a name of its own where this is left out.";

    public const string JointsText =
        "Of a known model, joints whose limits are narrower or that have a servo id; of any other, all joints in the order of its frames.";

    public const string UrdfText =
        "A URDF's XML, up to 1 MiB. Revolute and continuous joints are read, fixed and mimicking ones left out, others refused.";

    public const string ServoIdsText = "With a URDF: servo ids by joint, 0 to 252.";

    public const string RestText = "With a URDF: rest positions by joint, degrees; left out, 0 or the limit next to it.";

    string? IAudited.Detail => Model ?? "urdf";
}

/// <summary>A joint; what is left out stays as a known model has it.</summary>
internal sealed record JointBody(
    [property: Description("Such as shoulder_pan or, of the same joint, Rotation.")] string Name,
    [property: Description("Unit of all positions; degree where it is left out. A known model's cannot be changed.")] JointUnit? Unit = null,
    [property: Description("Lowest position commanded; not below a known model's.")] double? Min = null,
    [property: Description("Highest position commanded; not above a known model's.")] double? Max = null,
    [property: Description("Fastest commanded change, units per second, 1 to 360.")] double? MaxVelocity = null,
    [property: Description("Rest position, within the limits; 0 or the limit next to it where it is left out.")] double? Rest = null,
    [property: Description("Revolute where it is left out. A known model's cannot be changed.")] JointMotion? Motion = null,
    [property: Description("Id of its servo, 0 to 252, unlike the others'.")] int? ServoId = null);
