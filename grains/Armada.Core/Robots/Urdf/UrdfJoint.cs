namespace Armada.Core.Robots.Urdf;

/// <summary>A joint as a URDF describes it; angles in radians.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, such as revolute.</param>
/// <param name="Limit">What its limit element says, or null where it has none.</param>
/// <param name="IsMimic">Whether it follows another joint and has no motor of its own.</param>
internal sealed record UrdfJoint(string Name, string Type, UrdfLimit? Limit, bool IsMimic);

/// <summary>A joint's limit element; null where it leaves something out.</summary>
/// <param name="Lower">Lowest position, radians; 0 in URDF's own words where it is left out.</param>
/// <param name="Upper">Highest position, radians; likewise.</param>
/// <param name="Velocity">Fastest motion, radians per second.</param>
internal sealed record UrdfLimit(double? Lower, double? Upper, double? Velocity);

/// <summary>What a URDF's XML holds that matters here.</summary>
/// <param name="Name">The robot's name, perhaps empty.</param>
/// <param name="Joints">Every joint, in the document's order.</param>
internal sealed record UrdfDocument(string Name, IReadOnlyList<UrdfJoint> Joints);

/// <summary>A text that is no URDF; the message says where and why. Never leaves this namespace.</summary>
internal sealed class UrdfFault(string message) : Exception(message);
