using System.Collections.Immutable;

namespace Armada.Silo.Arena;

internal static class JointWireNames
{
    public static string[] Of(RobotModel model, ImmutableArray<JointMapping> mappings, bool canonical = false)
    {
        string[] names = [.. model.Joints.Select(joint => canonical ? joint.Name : JointNames.ArenaOf(joint.Name))];
        foreach (var mapping in mappings)
        {
            if (mapping.Name is { } own && model.Find(mapping.Joint) is var joint and >= 0)
                names[joint] = own;
        }

        return names;
    }
}
